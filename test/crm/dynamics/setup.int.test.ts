import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmFacts } from '../../../src/crm/crm.js'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import { readFacts } from '../../../src/crm/dynamics/facts.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn | undefined

afterEach(async () => {
  await standIn?.close()
})

/** Runs steps as the generic runner does: a session each, facts merged over the earlier ones. */
async function runSteps(stand: StandIn, before: CrmFacts = {}, ids?: readonly string[]) {
  let facts = before
  for (const step of dynamicsDriver.setupSteps) {
    if (ids === undefined || ids.includes(step.id)) {
      facts = { ...facts, ...(await step.run(stand.open(facts), {})) }
    }
  }
  return facts
}

async function changesMade(stand: StandIn): Promise<string[]> {
  const snapshot = await stand.control<Record<string, unknown>>('GET', 'counters')
  return JSON.stringify(snapshot).match(/(POST|PUT|PATCH) [^"]*\/api\/[^"]*/g) ?? []
}

describe('setting up', () => {
  it('makes what is missing, and a second time nothing', async () => {
    standIn = await startStandIn({ languageCode: 1053 })
    const facts = await runSteps(standIn)
    const read = readFacts(facts)
    expect(read.organization).toMatchObject({ languageCode: 1053, auditEnabled: true })
    expect(read.organization?.languages).toEqual([1053, 1033])
    expect(read.subscriptionsTable).toMatchObject({ primaryId: 'em_subscriptionsid' })
    expect(read.navigation).toEqual({ contact: 'em_Contact', category: 'em_Category' })

    const state = await standIn.control('GET', 'state')
    await standIn.control('DELETE', 'counters')
    expect(await runSteps(standIn, facts)).toEqual(facts)
    expect(await changesMade(standIn)).toEqual([])
    expect(await standIn.control('GET', 'state')).toMatchObject({ version: state['version'] })
  })

  it('goes on after every lost answer', async () => {
    standIn = await startStandIn({ keyActivationReads: 0 })
    let facts: CrmFacts = {}
    for (const step of dynamicsDriver.setupSteps) {
      const fault = { method: 'POST|PUT', path: '/api/data', reset: true, execute: true, times: 1 }
      await standIn.control('POST', 'faults', fault)
      facts = { ...facts, ...(await step.run(standIn.open(facts), {})) }
      await standIn.control('DELETE', 'faults')
    }
    expect(readFacts(facts).navigation).toBeDefined()
  })

  it('says that somebody else is customising, and for how long to wait', async () => {
    standIn = await startStandIn({ keyActivationReads: 0 })
    const facts = await runSteps(standIn, {}, ['connect', 'publisher'])
    const body = { error: { code: '0x80071151', message: 'Cannot start the requested operation' } }
    await standIn.control('POST', 'faults', {
      method: 'POST',
      path: 'EntityDefinitions',
      status: 429,
      body,
    })
    const failure = await runSteps(standIn, facts, ['tables']).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'crm_customization_locked' })
    const { retryAfterMs } = failure as { retryAfterMs: number }
    expect(retryAfterMs).toBeGreaterThanOrEqual(10_000)
    expect(retryAfterMs).toBeLessThanOrEqual(30_000)
  })

  it('waits for columns that the data does not know yet', async () => {
    standIn = await startStandIn({ metadataCacheDelayMs: 400, keyActivationReads: 0 })
    const facts = await runSteps(standIn, {}, ['connect', 'publisher', 'tables'])
    expect(readFacts(facts).categoriesTable).toBeDefined()
  })

  it('names the privileges on the new tables that nobody gave', async () => {
    standIn = await startStandIn({ grantNewTables: false, keyActivationReads: 0 })
    const ids = dynamicsDriver.setupSteps.map((step) => step.id)
    const upTo = ids.slice(0, ids.indexOf('tablePrivileges'))
    const facts = await runSteps(standIn, {}, upTo)
    await expect(runSteps(standIn, facts, ['tablePrivileges'])).rejects.toMatchObject({
      code: 'crm_privilege_missing',
      message: expect.stringMatching(/prvReadem_Subscription/),
    })
  })
})
