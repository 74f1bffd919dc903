import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { CrmClient, CrmWrite } from '../../../src/crm/crm.js'
import { RequestTally } from '../../../src/http/index.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

const measured = {
  personId: 1,
  equalWriteCounts: true,
  cardTouchesConsent: false,
  upsert: 'counts',
}

let standIn: StandIn
let crm: CrmClient

beforeAll(async () => {
  standIn = await startStandIn({ switches: { storeDefault: false } })
  crm = standIn.open({ associateId: 316, measured })
})

beforeEach(async () => {
  await standIn.control.clearFaults()
  await standIn.control.post('switches', { upsert: 'available' })
  await standIn.control.post('writes/reset')
})

afterAll(async () => {
  await standIn.close()
})

/** Twenty writes, every other one a withdrawal, to rows at version 3. */
async function twentyWrites(): Promise<CrmWrite[]> {
  const consents = {
    EMARKETING: { legalBase: '61A', updated: '2026-02-24T09:31:12Z', updatedCount: 3 },
  }
  const ids = await standIn.addPersons(...Array.from({ length: 20 }, () => ({ consents })))
  return ids.map((contactId, at) => ({
    kind: 'consent',
    contactId,
    purpose: 'marketingSendouts',
    value: at % 2 === 0 ? 'withdrawn' : 'legitimateInterest',
    expectedVersion: '3',
  }))
}
const spent = async (writes: readonly CrmWrite[], by = crm) => {
  const tally = new RequestTally()
  const outcomes = await by.write(writes, { tally })
  const { 'superoffice.consents.upsert': upserts = 0, 'superoffice.consent.put': puts = 0 } =
    tally.operations()
  return { outcomes, upserts, puts, statuses: new Set(outcomes.map(({ status }) => status)) }
}

describe('many writes, where set-up measured that mass writes count', () => {
  it('go in one request for withdrawals and one for the rest, new rows each by itself', async () => {
    const [fresh = ''] = await standIn.addPersons({})
    const writes = await twentyWrites()
    const toNew = { ...writes[0]!, contactId: fresh, expectedVersion: 'none' } as CrmWrite
    const { outcomes, upserts, puts, statuses } = await spent([...writes, toNew])
    expect([upserts, puts, [...statuses]]).toEqual([2, 1, ['applied']])
    const readBack = { value: 'withdrawn', lastWriter: 'us', version: '4' }
    expect(outcomes[0]).toMatchObject({ version: '4', readBack })
    const log = await standIn.control.get<{ source: string; after: string }[]>('writes')
    expect(new Set(log.map(({ source }) => source))).toEqual(new Set(['EMARKETEER']))
    expect(log.map(({ after }) => after).lastIndexOf('WITHDRAWN')).toBe(10)
  })

  it.each(['blind', 'unavailable'])('go each by itself where they are %s', async (upsert) => {
    const other = standIn.open({ associateId: 316, measured: { ...measured, upsert } })
    const { upserts, puts, statuses } = await spent(await twentyWrites(), other)
    expect([upserts, puts, [...statuses]]).toEqual([0, 20, ['applied']])
  })

  it.each(['forbidden', 'absent'])('go each by itself once it is %s', async (upsert) => {
    await standIn.control.post('switches', { upsert })
    const { puts, statuses } = await spent(await twentyWrites())
    expect([puts, [...statuses]]).toEqual([20, ['applied']])
  })

  it('that said no and wrote all the same are conflicts, and nothing is written over them', async () => {
    const fault = { path: 'Upsert', execute: true, status: 200, body: { Success: false } }
    await standIn.control.post('faults', fault)
    const { puts, statuses } = await spent(await twentyWrites())
    expect([puts, [...statuses]]).toEqual([0, ['conflict']])
  })

  it('lose a row that is oddly reported alone: it is read again, and nothing is written over it', async () => {
    const writes = await twentyWrites()
    const withdrawn = writes.filter((_, at) => at % 2 === 0) as { contactId: string }[]
    const rows = withdrawn.slice(3).map(({ contactId }) => ({
      Action: 'Updated',
      RowKeys: [contactId, '2'],
    }))
    const odd = [{ Action: 'Updated', RowKeys: null }, { RowKeys: [1, 2] }, 'Updated', null]
    const body = { Success: true, RowStatus: [...odd, ...rows] }
    const once = { path: 'Upsert', execute: true, times: 1, status: 200, body }
    await standIn.control.post('faults', once)
    const { upserts, puts, outcomes } = await spent(writes)
    expect([upserts, puts]).toEqual([2, 0])
    expect(outcomes.map(({ status }) => status)).toEqual(
      writes.map((_, at) => (at % 2 === 0 && at < 6 ? 'conflict' : 'applied')),
    )
  })

  it('whose answer was lost are settled by reading back, and nothing more is sent', async () => {
    await standIn.control.post('faults', { path: 'Upsert', execute: true, reset: true })
    const { upserts, puts, outcomes } = await spent(await twentyWrites())
    expect([upserts, puts]).toEqual([1, 0])
    expect(outcomes.filter(({ status }) => status === 'applied')).toHaveLength(10)
    expect(outcomes.filter(({ status }) => status === 'notSent')).toHaveLength(10)
  })
})
