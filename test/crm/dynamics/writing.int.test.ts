import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { CrmClient, CrmWrite, CrmWriteOutcome } from '../../../src/crm/crm.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn
let crm: CrmClient
let count = 0

beforeAll(async () => {
  standIn = await startStandIn()
  crm = standIn.open()
})
beforeEach(async () => {
  await standIn.control('DELETE', 'faults')
})
afterAll(async () => {
  await standIn.close()
})

/** Makes a contact that allows, and the write that denies it. */
async function denial(): Promise<CrmWrite & { kind: 'consent' }> {
  count += 1
  const values = { emailaddress1: `w${count}@example.com`, donotbulkemail: false }
  const { id } = await standIn.control<{ id: string }>('POST', 'rows/contact', { values })
  const { contacts } = await crm.read({ by: 'contactId', contactIds: [id] }, {})
  const expectedVersion = contacts[0]?.consents.marketingSendouts?.version ?? ''
  const purpose = 'marketingSendouts' as const
  return { kind: 'consent', contactId: id, purpose, value: 'deny', expectedVersion }
}

async function denials(howMany: number) {
  const writes: (CrmWrite & { kind: 'consent' })[] = []
  for (let at = 0; at < howMany; at += 1) {
    writes.push(await denial())
  }
  return writes
}

async function isDenied(write: { contactId: string }): Promise<boolean> {
  const row = await standIn.control<{ donotbulkemail: boolean }>(
    'GET',
    `rows/contact/${write.contactId}`,
  )
  return row.donotbulkemail
}

function statuses(outcomes: readonly CrmWriteOutcome[]): string[] {
  return outcomes.map((outcome) => outcome.status)
}

describe('writing the toggle', () => {
  it('returns the new version, which is the one that a read gives', async () => {
    const write = await denial()
    const [outcome] = await crm.write([write], {})
    const { contacts } = await crm.read({ by: 'contactId', contactIds: [write.contactId] }, {})
    const consent = contacts[0]?.consents.marketingSendouts
    expect(consent?.value).toBe('deny')
    expect(outcome).toEqual({ status: 'applied', version: consent?.version, rowId: null })
    expect(consent?.version).not.toBe(write.expectedVersion)
  })

  it('changes no other column of the contact', async () => {
    const write = await denial()
    const before = await standIn.control('GET', `rows/contact/${write.contactId}`)
    await crm.write([write], {})
    const after = await standIn.control('GET', `rows/contact/${write.contactId}`)
    const changed = Object.keys(after).filter((column) => after[column] !== before[column])
    const automatic = ['version', 'versionnumber', 'modifiedon', 'modifiedby']
    expect(changed.filter((column) => !automatic.includes(column))).toEqual(['donotbulkemail'])
  })

  it('is refused by a row that moved, and creates no row that is gone', async () => {
    const [moved, gone, fine] = (await denials(3)) as [
      CrmWrite & { kind: 'consent' },
      CrmWrite & { kind: 'consent' },
      CrmWrite,
    ]
    await standIn.control('PATCH', `rows/contact/${moved.contactId}`, { values: { lastname: 'X' } })
    await standIn.control('DELETE', `rows/contact/${gone.contactId}`)
    expect(statuses(await crm.write([moved, gone, fine], {}))).toEqual([
      'conflict',
      'gone',
      'applied',
    ])
    expect(await isDenied(moved)).toBe(false)
    const reading = await crm.read({ by: 'contactId', contactIds: [gone.contactId] }, {})
    expect(reading.missingContactIds).toEqual([gone.contactId])
  })

  it('sends nothing that is not its own: another purpose, a basis, an unknown version', async () => {
    const write = await denial()
    const foreign: CrmWrite[] = [
      { ...write, purpose: 'storeAndProcess' },
      { ...write, value: 'withdrawn' },
      { ...write, expectedVersion: '' },
      { ...write, contactId: "x')/evil" },
      { ...write, expectedVersion: 'W/"1"\r\nX: y' },
    ]
    expect(statuses(await crm.write(foreign, {}))).toEqual(foreign.map(() => 'refused'))
    expect(await isDenied(write)).toBe(false)
  })

  it('accounts for a throttled part and what follows it, which were not carried out', async () => {
    const writes = await denials(4)
    await standIn.control('POST', 'faults', {
      scope: 'part',
      method: 'PATCH',
      status: 429,
      headers: { 'Retry-After': '11' },
      skip: 2,
    })
    const outcomes = await crm.write(writes, {})
    expect(statuses(outcomes)).toEqual(['applied', 'applied', 'notSent', 'notSent'])
    expect(outcomes[2]).toMatchObject({ error: { retryAfterSeconds: 11, retryable: true } })
    expect(await Promise.all(writes.map(isDenied))).toEqual([true, true, false, false])
  })

  it('isolates one row that a plug-in refuses and one that breaks', async () => {
    const writes = await denials(3)
    const [refused, broken] = writes
    const body = { error: { code: '0x80040265', message: 'Ann Lee may not be changed' } }
    await standIn.control('POST', 'faults', {
      scope: 'part',
      path: refused?.contactId,
      status: 400,
      body,
    })
    await standIn.control('POST', 'faults', {
      scope: 'part',
      path: broken?.contactId,
      status: 500,
      body: {},
    })
    const outcomes = await crm.write(writes, {})
    expect(statuses(outcomes)).toEqual(['refused', 'unknown', 'applied'])
    expect(outcomes[0]).toEqual({ status: 'refused', upstreamCode: '0x80040265' })
    expect(JSON.stringify(outcomes)).not.toContain('Ann')
  })

  it('knows nothing of parts whose answers were cut off', async () => {
    const writes = await denials(6)
    const fault = { path: 'batch', truncate: true, execute: true, times: 1 }
    await standIn.control('POST', 'faults', fault)
    const outcomes = await crm.write(writes, {})
    expect(outcomes).toHaveLength(6)
    expect(new Set(statuses(outcomes))).toEqual(new Set(['applied', 'unknown']))
    expect(outcomes.at(-1)?.status).toBe('unknown')
    expect(await Promise.all(writes.map(isDenied))).toEqual(writes.map(() => true))
  })

  it('knows nothing of a batch that was done before the line was cut', async () => {
    const writes = await denials(2)
    await standIn.control('POST', 'faults', { path: 'batch', reset: true, execute: true, times: 1 })
    const outcomes = await crm.write(writes, {})
    expect(statuses(outcomes)).toEqual(['unknown', 'unknown'])
    expect(await Promise.all(writes.map(isDenied))).toEqual([true, true])
  })

  it.each([
    [429, 'notSent'],
    [403, 'notSent'],
    [503, 'unknown'],
    [200, 'unknown'],
  ])('after a %d for the first batch sends no second one', async (status, expected) => {
    const writes = await denials(2)
    const many = [...Array<CrmWrite>(199).fill(writes[0] as CrmWrite), ...writes]
    const html = status === 200
    await standIn.control('POST', 'faults', { path: 'batch', status, html, body: {}, times: 1 })
    const outcomes = await crm.write(many, {})
    expect(statuses(outcomes.slice(0, 200))).toEqual(many.slice(0, 200).map(() => expected))
    expect(statuses(outcomes.slice(200))).toEqual(['notSent'])
    expect(await Promise.all(writes.map(isDenied))).toEqual([false, false])
  })
})
