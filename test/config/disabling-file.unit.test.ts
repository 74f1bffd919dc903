import { describe, expect, it } from '@jest/globals'
import { readDisablingFile } from '../../src/config/connection/parse-connection-file.js'
import { caught } from './caught.js'

const read = (file: object) =>
  readDisablingFile(JSON.stringify(file), 'acme.json', ['dynamics', 'superoffice'])
const none = { connectionId: 'acme', accountId: '1001', crm: 'none' }
const problemsOf = (file: object) =>
  (
    caught(() => read(file)) as unknown as { problems: { code: string; path: string }[] }
  ).problems.map(({ code, path }) => `${code} ${path}`)

describe('a file with "crm":"none"', () => {
  it.each([
    ['alone', none],
    ['with sync unchecked', { ...none, legalBasisSync: false, subscriptionSync: false }],
    [
      'that still holds what it connected with, unread',
      {
        ...none,
        createMissing: 'emarketeer',
        dynamics: { clientSecret: { env: 'NOT_SET' } },
        emarketeer: { publicApiKey: { env: 'NOT_SET' } },
      },
    ],
  ])('disables: %s', (_, file) => {
    expect(read(file)).toEqual({ connectionId: 'acme', accountId: '1001' })
  })

  it('is none of those that connect', () => {
    expect(read({ ...none, crm: 'dynamics' })).toBeNull()
  })

  it.each([
    ['legal basis sync', { legalBasisSync: true }, ['none_with_sync legalBasisSync']],
    ['subscription sync', { subscriptionSync: true }, ['none_with_sync subscriptionSync']],
    ['no account', { accountId: undefined }, ['value_missing accountId']],
    ['an unknown key', { colour: 'red' }, ['unknown_key colour']],
  ])('is refused with %s', (_, changes, problems) => {
    expect(problemsOf({ ...none, ...changes })).toEqual(problems)
  })

  it('that syncs is refused by a rule, with exit code 4', () => {
    expect(caught(() => read({ ...none, legalBasisSync: true })).kind.exitCode).toBe(4)
  })
})
