import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { look, runSteps, runStep, stepOf } from './support/run-steps.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn

beforeEach(async () => {
  standIn = await startStandIn({ keyActivationReads: 0 })
})
afterEach(async () => {
  await standIn.close()
})

function secure(table: string, column: string, more: Record<string, unknown> = {}) {
  return standIn.control('POST', 'switches', { secureColumn: { table, column, ...more } })
}

const ALL = { read: true, update: true, create: true }

function closed(...columns: string[]) {
  return {
    state: 'paused',
    pause: {
      code: 'privilegeMissing',
      message: expect.stringContaining(columns.join(', ')),
      choices: ['retry', 'skip', 'abort'],
      seen: { missing: [], columns },
    },
  }
}

describe('set-up, where a column of contact is secured', () => {
  const privileges = stepOf('privileges')

  it.each([
    ['emailaddress1', {}, 'contact.emailaddress1 (read)'],
    ['emailaddress1', { hiddenAs: 'null' }, 'contact.emailaddress1 (read)'],
    ['emailaddress1', { ...ALL, mask: '****' }, 'contact.emailaddress1 (masked)'],
    ['donotbulkemail', { ...ALL, read: false }, 'contact.donotbulkemail (read)'],
    ['donotbulkemail', { ...ALL, update: false }, 'contact.donotbulkemail (write)'],
    ['donotbulkemail', {}, 'contact.donotbulkemail (read, write)'],
  ])('and %s is closed to us by %j, pauses with its name', async (column, rights, named) => {
    await secure('contact', column, rights)
    expect(await look(standIn, privileges, {})).toMatchObject(closed(named))
  })

  it('goes on where a profile opens it, and where the column is none of ours', async () => {
    await secure('contact', 'emailaddress1', ALL)
    await secure('contact', 'firstname')
    expect(await look(standIn, privileges, {})).toMatchObject({ state: 'done' })
  })

  it('names columns and privileges together', async () => {
    await secure('contact', 'donotbulkemail')
    await standIn.control('POST', 'switches', { removePrivileges: ['prvWriteContact'] })
    expect(await look(standIn, privileges, {})).toMatchObject({
      pause: {
        message: expect.stringMatching(/prvWriteContact.*contact\.donotbulkemail \(read, write\)/),
        seen: { missing: ['prvWriteContact (organisation)'], columns: expect.any(Array) },
      },
    })
  })

  it.each([
    ['shows values', true, { state: 'done' }],
    ['shows none', false, closed('contact.emailaddress1 (read)')],
  ])('and no profile names us, believes reading, which %s', async (_, shows, verdict) => {
    await standIn.control('POST', 'rows/contact', { values: { emailaddress1: 'a@x.example' } })
    await secure('contact', 'emailaddress1', shows ? ALL : {})
    const body = { AttributePrivileges: [] }
    const path = 'RetrievePrincipalAttributePrivileges'
    await standIn.control('POST', 'faults', { path, status: 200, body })
    expect(await look(standIn, privileges, {})).toMatchObject(verdict)
  })

  it('goes on where the definitions are not readable', async () => {
    await secure('contact', 'emailaddress1')
    await standIn.control('POST', 'faults', { path: 'IsSecured', status: 403, body: {} })
    expect(await look(standIn, privileges, {})).toMatchObject({ state: 'done' })
  })
})

describe('set-up, where a column of our own tables is secured', () => {
  const tablePrivileges = stepOf('tablePrivileges')

  it('pauses with the names, and goes on once they are open', async () => {
    const facts = await runSteps(standIn)
    await secure('em_subscriptions', 'em_subscribed', { ...ALL, update: false })
    await secure('em_subscriptions', 'em_contact', { ...ALL, read: false })
    await secure('em_subscriptioncategories', 'em_archived')
    expect(await look(standIn, tablePrivileges, facts)).toMatchObject(
      closed(
        'em_subscriptioncategories.em_archived (read, write, create)',
        'em_subscriptions.em_subscribed (write)',
        'em_subscriptions.em_contact (read)',
      ),
    )
    for (const [table, column] of [
      ['em_subscriptions', 'em_subscribed'],
      ['em_subscriptions', 'em_contact'],
      ['em_subscriptioncategories', 'em_archived'],
    ] as const) {
      await secure(table, column, { secured: false })
    }
    await runStep(standIn, tablePrivileges, facts)
  })
})
