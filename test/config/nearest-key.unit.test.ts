import { describe, expect, it } from '@jest/globals'
import { connectionSettingsSchema } from '../../src/config/connection/connection-file.js'
import { problemsOfZod } from '../../src/config/connection/zod-problems.js'
import { judged } from '../../src/contracts/judge.js'
import { nearestKey } from '../../src/contracts/problems.js'
import { object, oneOf } from '../../src/contracts/schema.js'

const KNOWN = ['connectionId', 'accountId', 'crm', 'legalBasisSync', 'dryRun', 'deadline']

describe('a misspelt key', () => {
  it.each([
    ['acountId', 'accountId'],
    ['dryrun', 'dryRun'],
    ['deadlin', 'deadline'],
    ['crmm', 'crm'],
    ['AccountID', 'accountId'],
  ])('%s was meant to be %s', (key, meant) => {
    expect(nearestKey(key, KNOWN)).toBe(meant)
  })

  it.each(['colour', 'x', 'id', 'x'.repeat(5_000)])('%.9s is none of ours', (key) => {
    expect(nearestKey(key, KNOWN)).toBeNull()
  })

  it('is reported in a file', () => {
    const file = { acountId: '1' }
    const { error } = connectionSettingsSchema.safeParse(file)
    const told = problemsOfZod(error!, file, connectionSettingsSchema, () => null)
    expect(told.map(({ message }) => message)).toContain(
      'The key acountId is unknown; did you mean accountId?',
    )
  })

  it('is reported in a workflow input', () => {
    const schema = object<{ dryRun: 'no' }>({ dryRun: oneOf(['no']) })
    expect(() => judged(schema, [{ dryRun: 'no', dryrun: 'no' }])).toThrow(
      'The key dryrun is unknown; did you mean dryRun?',
    )
  })
})
