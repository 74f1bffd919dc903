import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmChangePage } from '../../../src/crm/crm.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn

afterEach(() => standIn.close())

const LONG_AGO = '2024-03-01T08:00:00Z'
/** In the form of the one documented error, with a status that no page names for an archive. */
const EXCEPTION = {
  status: 500,
  body: { Error: true, ErrorType: 'SoException', ErrorMessage: 'no such column' },
}

async function begin(switches: object) {
  standIn = await startStandIn({ switches: { storeDefault: false, ...switches } })
}

async function read(...contactIds: string[]) {
  return (await standIn.open().read({ by: 'contactId', contactIds }, {})).contacts
}

async function changes(cursor: string | null) {
  const pages: CrmChangePage[] = []
  for await (const page of standIn.open().readChanges(cursor, {})) {
    pages.push(page)
  }
  return {
    ids: pages.flatMap(({ contacts }) => contacts.map(({ contactId }) => contactId)),
    cursor: pages.at(-1)?.nextCursor ?? null,
  }
}

describe('a query that is refused', () => {
  it.each([400, 500])('by %d for a column is asked without it', async (refusedQuery) => {
    await begin({
      refusedQuery,
      hiddenColumns: ['person.DeletedDate', 'consentperson.registered_associate_id'],
    })
    const consents = { EMARKETING: { legalBase: 'WITHDRAWN', updated: LONG_AGO, updatedCount: 3 } }
    const [id = ''] = await standIn.addPersons({ emails: ['a@x.no'], consents })
    expect(await read(id)).toMatchObject([
      { email: 'a@x.no', consents: { marketingSendouts: { value: 'withdrawn', version: '3' } } },
    ])
    await standIn.control.post('requests/reset')
    await read(id)
    // Learned, so that nothing is retried.
    const { statuses } = await standIn.control.get<{ statuses: object }>('requests')
    expect(Object.keys(statuses)).toEqual(['200'])
  })

  it.each([
    ['a refusal', { status: 400, body: EXCEPTION.body }],
    ['an exception, again and again', EXCEPTION],
  ])('for its operator, by %s, is done without', async (_how, refusal) => {
    await begin({})
    const [a = ''] = await standIn.addPersons({ emails: ['a@x.no'], registered: LONG_AGO })
    const { cursor } = await changes(null)
    await standIn.control.post('faults', { path: 'person_id.registered afterTime', ...refusal })
    await standIn.control.post(`persons/${a}/consent`, { purpose: 'STORE', legalBase: '61A' })
    expect((await changes(cursor)).ids).toEqual([a])
  })

  it('by an exception of a moment is an error, after which the cursor stays', async () => {
    await begin({})
    const { cursor } = await changes(null)
    const [id = ''] = await standIn.addPersons({ emails: ['a@x.no'] })
    await standIn.control.post('faults', {
      path: 'person_id.registered afterTime',
      times: 1,
      ...EXCEPTION,
    })
    await expect(changes(cursor)).rejects.toMatchObject({ status: 500, retryable: true })
    expect((await changes(cursor)).ids).toEqual([id])
  })

  it('by exceptions of a moment costs no column', async () => {
    await begin({})
    const [bin = ''] = await standIn.addPersons({ emails: ['bin@x.no'] })
    await standIn.control.post(`persons/${bin}/delete`, { soft: true })
    // The query itself, then a trial of a single column.
    await standIn.control.post('faults', { path: 'Archive/dynamic', times: 1, ...EXCEPTION })
    await standIn.control.post('faults', {
      path: 'select=email.person_id,email.person_id.DeletedDate&',
      times: 1,
      ...EXCEPTION,
    })
    await expect(read(bin)).rejects.toMatchObject({ status: 500 })
    expect(await read(bin)).toEqual([])
  })

  it('by an exception where it was posted is got', async () => {
    await begin({})
    await standIn.control.post('seed', { count: 60, emailPattern: `${'x'.repeat(30)}{n}@a.test` })
    await standIn.control.post('faults', { method: 'POST', path: 'Archive/', ...EXCEPTION })
    const emails = Array.from({ length: 60 }, (_, at) => `${'x'.repeat(30)}${at + 1}@a.test`)
    const { contacts } = await standIn.open().read({ by: 'email', emails }, {})
    expect(contacts).toHaveLength(60)
  })
})

describe('a person in the bin', () => {
  it.each(['hidden', 'listed'])(
    'is missing, though archive Person has it %s',
    async (deletedPersons) => {
      await begin({ deletedPersons })
      const [bin = '', live = ''] = await standIn.addPersons({ emails: [] }, { emails: [] })
      await standIn.control.post(`persons/${bin}/delete`, { soft: true })
      const { contacts, missingContactIds } = await standIn
        .open()
        .read({ by: 'contactId', contactIds: [bin, live] }, {})
      expect(contacts.map(({ contactId }) => contactId)).toEqual([live])
      expect(missingContactIds).toEqual([bin])
    },
  )
})
