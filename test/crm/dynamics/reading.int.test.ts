import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { RequestTally } from '../../../src/http/index.js'
import { type CrmChangePage, CrmCursorExpired, type CrmClient } from '../../../src/crm/crm.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn
let crm: CrmClient

beforeAll(async () => {
  standIn = await startStandIn()
  crm = standIn.open()
})
afterAll(async () => {
  await standIn.close()
})

async function contact(values: Record<string, unknown>): Promise<string> {
  const row = await standIn.control<{ id: string }>('POST', 'rows/contact', { values })
  return row.id
}

async function changes(cursor: string | null): Promise<CrmChangePage[]> {
  const pages: CrmChangePage[] = []
  for await (const page of crm.readChanges(cursor, {})) {
    pages.push(page)
  }
  return pages
}

function cursorOf(pages: readonly CrmChangePage[]): string {
  return pages.at(-1)?.nextCursor ?? ''
}

describe('reading contacts directly', () => {
  it('reads a thousand by id in one request besides the token, and names the missing ones', async () => {
    await standIn.control('POST', 'seed/contacts', { count: 999, prefix: 'bulk', seed: 7 })
    const { rows } = await standIn.control<{ rows: { id: string; emailaddress1: string }[] }>(
      'GET',
      'rows/contact',
    )
    const ids = rows.filter((row) => row.emailaddress1?.startsWith('bulk')).map((row) => row.id)
    const gone = '99999999-0000-4000-8000-000000000001'
    const tally = new RequestTally()
    const reading = await crm.read(
      { by: 'contactId', contactIds: [...ids.map((id) => id.toUpperCase()), gone] },
      { tally },
    )
    expect(reading.contacts.map((one) => one.contactId).sort()).toEqual(ids.sort())
    expect(reading.missingContactIds).toEqual([gone])
    expect(tally.operations()['dynamics.contacts.read']).toBe(1)
  })

  it('finds everybody at an address, whatever its characters and case, inactive ones too', async () => {
    const first = await contact({ emailaddress1: "O'Neil+a&b#c%25@example.com" })
    const second = await contact({
      emailaddress1: "o'neil+a&b#c%25@EXAMPLE.com",
      donotbulkemail: true,
    })
    await standIn.control('PATCH', `rows/contact/${second}`, { values: { statecode: 1 } })
    const reading = await crm.read(
      { by: 'email', emails: ["o'neil+a&b#c%25@example.com", "O'NEIL+a&b#c%25@example.com"] },
      {},
    )
    const found = reading.contacts.map(({ contactId, state, consents }) => [
      contactId,
      state,
      consents.marketingSendouts?.value,
    ])
    expect(found.sort()).toEqual(
      [
        [first, 'live', 'allow'],
        [second, 'deactivated', 'deny'],
      ].sort(),
    )
    expect(reading.missingContactIds).toEqual([])
  })

  it('finds an apostrophe, a bracket and everybody beside them in the same request', async () => {
    const addresses = [
      "o'brien@tricky.example",
      'a[1@tricky.example',
      'b]2@tricky.example',
      '"q\\"@tricky.example',
      'plain@tricky.example',
    ]
    for (const emailaddress1 of addresses) {
      await contact({ emailaddress1 })
    }
    const tally = new RequestTally()
    const reading = await crm.read({ by: 'email', emails: addresses }, { tally })
    expect(reading.contacts.map((one) => one.email).sort()).toEqual(addresses.toSorted())
    expect(tally.operations()['dynamics.contacts.readByEmail']).toBe(1)
  })

  it('follows a merged contact to the surviving one', async () => {
    const master = await contact({ emailaddress1: 'm@example.com' })
    const loser = await contact({ emailaddress1: 'l@example.com' })
    await standIn.control('POST', 'merge', { master, loser })
    const reading = await crm.read({ by: 'contactId', contactIds: [loser] }, {})
    expect(reading.contacts[0]).toMatchObject({ state: 'merged', mergedInto: master })
  })

  it('fails completely where one of its parts is throttled', async () => {
    const id = await contact({ emailaddress1: 't@example.com' })
    await standIn.control('POST', 'faults', {
      scope: 'part',
      status: 429,
      headers: { 'Retry-After': '7' },
      times: 1,
    })
    await expect(crm.read({ by: 'contactId', contactIds: [id] }, {})).rejects.toMatchObject({
      code: 'upstream_rate_limited',
      retryable: true,
      retryAfterSeconds: 7,
    })
  })

  it('does not take a page of HTML for an answer', async () => {
    await standIn.control('POST', 'faults', { path: 'WhoAmI', html: true, times: 1 })
    await expect(crm.check({})).rejects.toMatchObject({ code: 'upstream_not_json' })
  })
})

describe('reading changes', () => {
  it('lists everything, then only what changed, and deletions by id', async () => {
    const kept = await contact({ emailaddress1: 'kept@example.com' })
    const doomed = await contact({ emailaddress1: 'doomed@example.com' })
    const baseline = await changes(null)
    expect(baseline.every((page) => page.baseline)).toBe(true)
    const listed = baseline.flatMap((page) => page.contacts)
    expect(listed.map((one) => one.contactId)).toEqual(expect.arrayContaining([kept, doomed]))
    expect(baseline.slice(0, -1).every((page) => page.nextCursor === null)).toBe(true)

    await standIn.control('PATCH', `rows/contact/${kept}`, { values: { donotbulkemail: true } })
    await standIn.control('DELETE', `rows/contact/${doomed}`)
    const delta = await changes(cursorOf(baseline))
    expect(delta.every((page) => !page.baseline)).toBe(true)
    expect(delta.flatMap((page) => page.contacts)).toMatchObject([
      { contactId: kept, consents: { marketingSendouts: { value: 'deny' } } },
    ])
    expect(delta.flatMap((page) => page.deletedContactIds)).toEqual([doomed])
    const quiet = await changes(cursorOf(delta))
    expect(quiet.flatMap((page) => page.contacts)).toEqual([])
  })

  it('goes through pages, and gives no cursor when it dies on the way', async () => {
    await standIn.control('POST', 'seed/contacts', { count: 6_000, prefix: 'page', seed: 3 })
    await standIn.control('POST', 'faults', { path: 'skiptoken', status: 503, times: 1 })
    const seen: CrmChangePage[] = []
    const reading = (async () => {
      for await (const page of crm.readChanges(null, {})) {
        seen.push(page)
      }
    })()
    await expect(reading).rejects.toMatchObject({ code: 'upstream_unavailable', retryable: true })
    expect(seen).toHaveLength(1)
    expect(seen[0]?.nextCursor).toBeNull()

    const whole = await changes(null)
    const ids = new Set(whole.flatMap((page) => page.contacts).map((one) => one.contactId))
    const state = await standIn.control<{ tables: { logicalName: string; rows: number }[] }>(
      'GET',
      'state',
    )
    expect(ids.size).toBe(state.tables.find((table) => table.logicalName === 'contact')?.rows)
  })

  it.each([
    ['an expired token', 400, '0x80044352'],
    ['a mangled token', 400, '0x80044183'],
    ['a link that is gone', 404, '0x80060888'],
    ['a link that is gone for good', 410, ''],
  ])('asks for a new baseline after %s', async (_what, status, code) => {
    const cursor = cursorOf(await changes(null))
    const body = { error: { code, message: 'x' } }
    await standIn.control('POST', 'faults', { path: 'deltatoken', status, body, times: 1 })
    await expect(changes(cursor)).rejects.toBeInstanceOf(CrmCursorExpired)
    await expect(changes('{"contacts":1}')).rejects.toBeInstanceOf(CrmCursorExpired)
  })

  it.each([
    [403, 'upstream_forbidden'],
    [429, 'upstream_rate_limited'],
    [503, 'upstream_unavailable'],
  ])('does not take a %d on a delta link for an expiry', async (status, code) => {
    const cursor = cursorOf(await changes(null))
    await standIn.control('POST', 'faults', { path: 'deltatoken', status, body: {}, times: 1 })
    await expect(changes(cursor)).rejects.toMatchObject({ code })
  })

  it('sends its token to no other host: a moved environment starts again', async () => {
    const cursor = cursorOf(await changes(null)).replaceAll('127.0.0.1', '127.0.0.2')
    await expect(changes(cursor)).rejects.toBeInstanceOf(CrmCursorExpired)
  })
})
