import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { CrmClient, CrmWrite } from '../../../src/crm/crm.js'
import { RequestTally } from '../../../src/http/index.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn
let crm: CrmClient

beforeAll(async () => {
  standIn = await startStandIn({ switches: { storeDefault: false } })
  crm = standIn.open()
  await crm.check({})
})

beforeEach(async () => {
  await standIn.control.clearFaults()
  const usual = { consentRight: true, latencyMs: 0, firstUpdatedCount: 0 }
  await standIn.control.post('switches', usual)
  await standIn.control.post('writes/reset')
  await standIn.control.post('requests/reset')
})

afterAll(async () => {
  await standIn.close()
})

interface Written {
  readonly via: string
  readonly before: string | null
  readonly after: string
  readonly source: string
  readonly comment: string
}
const written = async () =>
  (await standIn.control.get<Written[]>('writes')).filter(({ via }) => via === 'rest')

const write = (contactId: string, value: LegalBasis, expectedVersion: string): CrmWrite => ({
  kind: 'consent',
  contactId,
  purpose: 'marketingSendouts',
  value,
  expectedVersion,
})
const person = (legalBase?: string, updatedCount = 3) => ({
  emails: ['a@x.no'],
  registered: '2024-03-01T08:00:00Z',
  consents:
    legalBase === undefined
      ? {}
      : { EMARKETING: { legalBase, updated: '2026-02-24T09:31:12Z', updatedCount } },
})
const one = async (legalBase?: string, updatedCount?: number) =>
  (await standIn.addPersons(person(legalBase, updatedCount)))[0] ?? ''

describe('a write', () => {
  it('changes the row, says who we are, and reads it back', async () => {
    const id = await one('61A')
    const [outcome] = await crm.write([write(id, 'withdrawn', '3')], {})
    const readBack = { value: 'withdrawn', version: '4', lastWriter: 'us' }
    expect(outcome).toMatchObject({ status: 'applied', version: '4', rowId: null, readBack })
    expect(await written()).toMatchObject([
      { before: '61A', after: 'WITHDRAWN', source: 'EMARKETEER' },
    ])
    expect((await written())[0]?.comment).toMatch(/^[^@]*eMarketeer[^@]*$/)
  })

  it.each([0, 1] as const)('inserts where there was no row (first count %d)', async (first) => {
    await standIn.control.post('switches', { firstUpdatedCount: first })
    const id = await one()
    const [outcome] = await crm.write([write(id, 'legitimateInterest', 'none')], {})
    const readBack = { value: 'legitimateInterest', lastWriter: 'us', version: String(first) }
    expect(outcome).toMatchObject({ status: 'applied', version: String(first), readBack })
  })

  it('is not sent over a row that moved', async () => {
    const id = await one('61A')
    expect(await crm.write([write(id, 'withdrawn', '2')], {})).toEqual([{ status: 'conflict' }])
    expect(await crm.write([write(id, 'consent', 'none')], {})).toEqual([{ status: 'conflict' }])
    expect(await written()).toEqual([])
  })

  it('of what stands there already is not sent', async () => {
    const id = await one('WITHDRAWN')
    const outcomes = await crm.write([write(id, 'withdrawn', '3')], {})
    expect(outcomes).toMatchObject([
      { status: 'applied', version: '3', readBack: { version: '3' } },
    ])
    expect(await written()).toEqual([])
  })

  it('of nothing, of a toggle, or of a subscription is refused', async () => {
    const id = await one('61A')
    const subscription = {
      kind: 'subscription',
      rowId: '1',
      subscribed: true,
      expectedVersion: '1',
    } as const
    const writes = [write(id, 'none', '3'), { ...write(id, 'none', '3'), value: 'deny' as const }]
    const outcomes = await crm.write([...writes, subscription], {})
    expect(outcomes.map(({ status }) => status)).toEqual(['refused', 'refused', 'refused'])
    expect(await written()).toEqual([])
  })

  it('to somebody who is not there any more is gone, and the others are written', async () => {
    const ids = await standIn.addPersons(person('61A'), person('61A'))
    const [gone = '', there = ''] = ids
    await standIn.control.post(`persons/${gone}/delete`, { soft: true })
    const outcomes = await crm.write(
      [write(gone, 'withdrawn', '3'), write(there, 'withdrawn', '3')],
      {},
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['gone', 'applied'])
  })

  it('without the right is refused for each row, and no more is asked', async () => {
    await standIn.control.post('switches', { consentRight: false })
    const outcomes = await crm.write([write(await one('61A'), 'withdrawn', '3')], {})
    expect(outcomes).toMatchObject([{ status: 'refused' }])
  })

  it('without our source in the installation is refused before anything is sent', async () => {
    const other = standIn.open({ sourceKey: 'NOSUCHSOURCE' })
    const outcomes = await other.write([write(await one('61A'), 'withdrawn', '3')], {})
    expect(outcomes).toEqual([{ status: 'refused', upstreamCode: 'consent_source_not_there' }])
  })
})

describe('a lost answer', () => {
  const cut = { method: 'PUT', reset: true, times: 1 }

  it('is applied where the row shows our write', async () => {
    const id = await one('61A')
    await standIn.control.post('faults', { ...cut, execute: true })
    const [outcome] = await crm.write([write(id, 'withdrawn', '3')], {})
    expect(outcome).toMatchObject({ status: 'applied', version: '4', readBack: { version: '4' } })
    expect(await written()).toHaveLength(1)
  })

  it('stays unknown where it does not', async () => {
    const id = await one('61A')
    await standIn.control.post('faults', cut)
    const [outcome] = await crm.write([write(id, 'withdrawn', '3')], {})
    expect(outcome).toMatchObject({ status: 'unknown', error: { mayHaveBeenApplied: true } })
  })

  it('stays unknown where a person set the same meanwhile', async () => {
    const other = await startStandIn()
    const [id = ''] = await other.addPersons(person('61A'))
    // The user that we believe to be did not write the value that is then in the row.
    const body = JSON.stringify({ AssociateId: 999 })
    await other.control.post('faults', { path: 'currentPrincipal', status: 200, body })
    await other.control.post('faults', { ...cut, execute: true })
    const [outcome] = await other.open().write([write(id, 'withdrawn', '3')], {})
    expect(outcome?.status).toBe('unknown')
    await other.close()
  })

  it('stops what comes after it', async () => {
    const ids = await standIn.addPersons(...Array.from({ length: 9 }, () => person('61A')))
    await standIn.control.post('faults', { ...cut, times: 99 })
    const outcomes = await crm.write(
      ids.map((id) => write(id, 'withdrawn', '3')),
      {},
    )
    const statuses = outcomes.map(({ status }) => status)
    expect(new Set(statuses)).toEqual(new Set(['unknown', 'notSent']))
    expect(statuses.slice(4)).toEqual(['notSent', 'notSent', 'notSent', 'notSent', 'notSent'])
  })
})

describe('many writes', () => {
  it('are read before and after in bulk, a few at a time, withdrawals first', async () => {
    const ids = await standIn.addPersons(...Array.from({ length: 60 }, () => person('61A')))
    const fresh = standIn.open({ associateId: 316 })
    await standIn.control.post('switches', { latencyMs: 5 })
    await standIn.control.post('requests/reset')
    const tally = new RequestTally()
    const writes = ids.map((id, at) => write(id, at % 2 === 0 ? 'contract' : 'withdrawn', '3'))
    const outcomes = await fresh.write(writes, { tally })
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['applied']))
    const operations = tally.operations()
    expect(operations['superoffice.consent.put']).toBe(60)
    // Two more requests if no much longer page was read: the last row again, and the end.
    expect(operations['superoffice.consents.readBefore']).toBeLessThanOrEqual(3)
    expect(operations['superoffice.consents.readBack']).toBeLessThanOrEqual(3)
    const { mostAtOnce } = await standIn.control.get<{ mostAtOnce: number }>('requests')
    expect(mostAtOnce).toBeLessThanOrEqual(4)
    const values = (await written()).map(({ after }) => after)
    expect(values.lastIndexOf('WITHDRAWN')).toBeLessThan(values.indexOf('61B'))
  })

  it('that are throttled stop immediately, and nothing of what was not sent is lost', async () => {
    const ids = await standIn.addPersons(...Array.from({ length: 20 }, () => person('61A')))
    await standIn.control.post('faults', {
      method: 'PUT',
      skip: 4,
      status: 429,
      headers: { 'retry-after': '7' },
    })
    const outcomes = await crm.write(
      ids.map((id) => write(id, 'withdrawn', '3')),
      {},
    )
    expect(outcomes.filter(({ status }) => status === 'applied')).toHaveLength(4)
    const rest = outcomes.filter(({ status }) => status !== 'applied')
    expect(rest).toHaveLength(16)
    expect(rest[0]).toMatchObject({ status: 'notSent', error: { retryAfterSeconds: 7 } })
    expect((await standIn.requests())['setConsent'] ?? 0).toBeLessThan(12)
  })

  it('whose read-back fails are applied without a version', async () => {
    const id = await one('61A')
    await standIn.control.post('faults', { path: 'consentperson', skip: 1, status: 503 })
    const outcomes = await crm.write([write(id, 'withdrawn', '3')], {})
    expect(outcomes).toEqual([{ status: 'applied', version: null, rowId: null }])
  })

  it('are not sent when reading before fails', async () => {
    const id = await one('61A')
    await standIn.control.post('faults', { path: 'consentperson', status: 503 })
    const outcomes = await crm.write([write(id, 'withdrawn', '3')], {})
    expect(outcomes).toMatchObject([{ status: 'notSent' }])
    expect(await written()).toEqual([])
  })

  it('spell keys as an old installation does', async () => {
    const old = await startStandIn({ mode: 'onsite', older: true })
    const [id = ''] = await old.addPersons({ ...person(), storeDefault: false })
    const [outcome] = await old.open().write([write(id, 'withdrawn', 'none')], {})
    expect(outcome).toMatchObject({ status: 'applied', readBack: { value: 'withdrawn' } })
    await old.close()
  })
})
