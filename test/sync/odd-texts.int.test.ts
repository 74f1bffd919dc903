import { describe, expect, it } from '@jest/globals'
import { connectionCounts, unusableAddresses } from '../../src/ledger/copy/connection-counts.js'
import { categoriesOf } from '../../src/ledger/copy/categories.js'
import { ODD_TEXTS } from '../support/odd-texts.js'
import { CONNECTION_ID } from './support/open-systems.js'
import type { Person } from './support/person.js'
import { preSend } from './support/pre-send.js'
import { ACCOUNT_ID, SERVICE_KEY } from './support/stand-ins.js'
import { withWorld } from './support/world.js'

const world = withWorld()

let number = 0

/** An address with an odd text in it, a new one each time. */
function addressWith(text: string): string {
  number += 1
  return `${text}${number}@x.example`
}

const ODD = Object.entries(ODD_TEXTS).filter(([name]) => name !== 'nothing')

/**
 * PostgreSQL cannot store U+0000 in a text, nor half a surrogate pair in JSON: such a text must affect only one record.
 */
describe.each(ODD)('%s', (_name, text) => {
  it('in an address of eMarketeer stops nobody else, and is not mailed as it is', async () => {
    const odd = await world.now.person({ email: addressWith(text), toggles: [] })
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await toggleOf(ann)).toBe(true)
    const bo = await world.now.linked()
    // Invisible characters are not part of an address (rule A): without them this one is like any other.
    const expected = text.includes('\u202E') ? [odd.contactId, bo.contactId] : [bo.contactId]
    expect(await mailed([odd, bo], 'delta')).toEqual(expected)
    expect(await mailed([odd, bo], 'direct')).toEqual(expected)
  })

  it('in an address of Dynamics stops nobody else', async () => {
    const odd = await world.now.person({
      basis: null,
      crmEmail: addressWith(text).slice(0, 100),
      toggles: ['deny'],
    })
    const ann = await world.now.linked()
    await ann.flip('deny')
    await odd.webhook(true)
    await ann.webhook(true)
    await world.now.drain()
    await world.now.sweep()
    expect(await mailed([ann, await world.now.linked()], 'direct')).toHaveLength(1)
  })

  it('in the name of a category stops nothing, and reaches the CRM in one line', async () => {
    const { categoryId } = await eMarketeer<{ categoryId: string }>('categories', {
      name: `News ${text}`,
    })
    const ann = await world.now.linked()
    const stored = await categoriesOf(world.now.db, CONNECTION_ID)
    expect(stored.find((one) => one.categoryId === categoryId)?.name).toMatch(/^News \P{Cc}+$/u)
    await ann.subscribes(categoryId, false)
    await world.now.sweep()
    const { verdicts } = await preSend(world.now, { contactIds: [ann.contactId], categoryId })
    expect(verdicts[ann.contactId]).toBe('unsubscribedFromCategory')
    await eMarketeer(`categories/${categoryId}/archive`, {})
  })

  it('in a change stops nothing', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await world.now.sweep()
    await ann.flip('allow')
    await ann.consents('consent', { text, source: `form ${text}` })
    await world.now.sweep()
    expect(await toggleOf(ann)).toBe(false)
    expect(await mailed([ann], 'direct')).toEqual([ann.contactId])
  })
})

it('names records whose address holds what cannot be kept', async () => {
  const before = await unusableAddresses(world.now.db, CONNECTION_ID)
  const odd = await world.now.linked({ email: addressWith('a\0b'), toggles: [] })
  const after = await unusableAddresses(world.now.db, CONNECTION_ID)
  expect(after.emarketeer.count).toBe(before.emarketeer.count + 1)
  expect(after.emarketeer.contactIds).toContain(odd.contactId)
})

describe('a state of eMarketeer that does not fit the contract', () => {
  it.each([
    ['a version that no column holds', '"version":0', `"version":${2 ** 40}`],
    ['a time that is none', '"recordedAt":"', '"recordedAt":"on '],
  ])('(%s) is that one contact’s, who is not taken for gone', async (_name, right, wrong) => {
    const ann = await world.now.linked({ basis: 'none' })
    await ann.unsubscribe()
    const bo = await world.now.linked()
    const email = addressWith('moved')
    const { email: left } = ann
    await ann.changesEmailInEmarketeer(email)
    const [one, other] = await statesOf([ann, bo])
    const odd = JSON.parse(JSON.stringify(one).replace(right, wrong)) as unknown
    const readStates = { method: 'POST', path: '/states/read', status: 200 }
    await world.now.emarketeerFault({
      ...readStates,
      body: { items: [odd, other], missing: [left] },
    })
    await world.now.sweep()
    const asked = { contactIds: [ann.contactId, bo.contactId], proof: 'direct' } as const
    const sent = await preSend(world.now, asked)
    expect(sent.verdicts).toEqual({ [ann.contactId]: 'notVerified', [bo.contactId]: 'eligible' })
    expect(sent.result.complete).toBe(false)
    const [address] = await world.now.db.query(
      `SELECT emarketeer_unread AS unread, EXISTS (SELECT FROM emarketeer_contacts e
          WHERE e.address_id = a.address_id) AS known FROM addresses a WHERE address = $1`,
      [email],
    )
    expect(address).toEqual({ unread: true, known: true })
    const unreadable = async () =>
      (await connectionCounts(world.now.db, CONNECTION_ID)).unreadableInEmarketeer
    expect(await unreadable()).toBe(1)
    await world.now.clearFaults()
    await world.now.person({ email, basis: null })
    await world.now.timePasses()
    await world.now.sweep()
    const { verdicts } = await preSend(world.now, { contactIds: [ann.contactId] })
    expect(verdicts[ann.contactId]).toBe('consentWithdrawn')
    expect(await unreadable()).toBe(0)
  })
})

/** In eMarketeer's form. */
async function statesOf(people: readonly Person[]): Promise<unknown[]> {
  const url = `${world.now.standIns.emarketeerUrl}/sync-internal/v1/accounts/${ACCOUNT_ID}/states/read`
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'x-api-key': SERVICE_KEY, 'content-type': 'application/json' },
    body: JSON.stringify({ contactIds: people.map((person) => person.contactId) }),
  })
  return ((await answer.json()) as { items: unknown[] }).items
}

async function mailed(people: readonly Person[], proof: 'delta' | 'direct') {
  const contactIds = people.map((person) => person.contactId)
  const { list, result } = await preSend(world.now, { contactIds, proof })
  expect(result.complete).toBe(true)
  return list!.map((entry) => entry.contactId)
}

async function toggleOf(person: Person): Promise<boolean | null> {
  const row = await world.now.standIns.dynamics<{ donotbulkemail: boolean | null }>(
    'GET',
    `rows/contact/${person.crmIds[0]}`,
  )
  return row.donotbulkemail
}

function eMarketeer<T = unknown>(path: string, body: unknown): Promise<T> {
  return world.now.standIns.emarketeer.post<T>(`accounts/${ACCOUNT_ID}/${path}`, body)
}
