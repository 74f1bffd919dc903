import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmFacts } from '../../../src/crm/crm.js'
import { Archive } from '../../../src/crm/superoffice/archive/archive.js'
import type { SuperOfficeClient } from '../../../src/crm/superoffice/client.js'
import { UpstreamError } from '../../../src/http/index.js'
import { type Oddities, personRows, scriptedArchive } from './support/scripted-archive.js'
import type { Heard, Said } from '../support/scripted-server.js'
import { scriptedOnsite } from './support/scripted-onsite.js'

let closing: (() => Promise<void>)[] = []

afterEach(async () => {
  await Promise.all(closing.map((close) => close()))
  closing = []
})

async function opened(count: number, oddities: Oddities, facts?: CrmFacts) {
  const ids = Array.from({ length: count }, (_, at) => at + 1)
  const rows = ids.flatMap((id) => personRows(id))
  const scripted = await scriptedOnsite(scriptedArchive(rows, oddities), facts)
  closing.push(() => scripted.close())
  const contactIds = ids.map(String)
  const read = async () => (await scripted.crm.read({ by: 'contactId', contactIds }, {})).contacts
  return { ...scripted, read, contactIds }
}

describe('what a server leaves out is never taken for nothing', () => {
  it.each([1, 3, 10, 40])('%d rows a page at most, without a word', async (cap) => {
    const { read, contactIds } = await opened(60, { cap })
    const contacts = await read()
    expect(contacts.map(({ contactId }) => contactId)).toEqual(contactIds)
    const values = contacts.map(({ consents }) => consents.marketingSendouts?.value)
    expect(new Set(values)).toEqual(new Set(['withdrawn']))
  })

  it.each([
    { cap: 7, filtered: (personId: number) => personId > 60 },
    { cap: 40, filtered: (personId: number) => personId > 60 },
    { cap: 7, filtered: (personId: number) => personId <= 60 },
    { cap: 40, filtered: (personId: number) => personId <= 60 },
  ])('$cap rows a page, of some of which the rights filter leaves a third', async (oddity) => {
    const { cap, filtered } = oddity
    const hidden = (personId: number) => filtered(personId) && personId % 3 !== 0
    const { read } = await opened(120, { cap, hidden })
    await read()
    // The longest page is known now.
    const contacts = await read()
    expect(contacts).toHaveLength(80)
    const values = contacts.map(({ consents }) => consents.marketingSendouts?.value)
    expect(new Set(values)).toEqual(new Set(['withdrawn']))
  })

  it('costs more for the first reading, and nothing for later ones', async () => {
    const { read, crm, heard } = await opened(60, {})
    await read()
    const first = heard.length
    await crm.read({ by: 'contactId', contactIds: ['7', '8'] }, {})
    expect(heard.length - first).toBe(2)
  })

  it('consents that do not say whose they are leave whoever was asked for unknown', async () => {
    const { read } = await opened(2, { blank: ['consentperson.person_id'] })
    const values = (await read()).map(({ consents }) => consents.marketingSendouts?.value)
    expect(values).toEqual([null, null])
  })

  it.each(['email.person_id', 'consentperson.consentperson_id'])(
    'rows without %s are no rows of nobody',
    async (column) => {
      const { read } = await opened(2, { blank: [column] })
      await expect(read()).rejects.toMatchObject({ code: 'upstream_unexpected_answer' })
    },
  )

  it('a consent whose purpose is not shown leaves both purposes unknown', async () => {
    const { read } = await opened(1, { blank: ['consentperson.consentPurpose_id.key'] })
    const unknown = { value: null, version: '' }
    expect((await read())[0]?.consents).toMatchObject({
      storeAndProcess: unknown,
      marketingSendouts: unknown,
    })
  })
})

describe('two rows of one purpose, as an upgrade may leave them', () => {
  const row = (value: string, key: string, id: number) => {
    const [, consent] = personRows(1, {
      'consentperson.consentperson_id': id,
      'consentperson.consentPurpose_id.key': key,
      'consentperson.legalBase_id.key': value,
    })
    return consent!
  }
  it.each([
    ['a withdrawal, then a consent', ['WITHDRAWN', '61A'], 'withdrawn'],
    ['a consent, then a withdrawal', ['61A', 'WITHDRAWN'], 'withdrawn'],
    ['two consents', ['61A', '61A'], 'consent'],
  ] as const)('%s: %s', async (_what, [first, second], expected) => {
    const [address] = personRows(1)
    const rows = [address!, row(first, '#EMARKETING', 11), row(second, 'EMARKETING', 12)]
    const scripted = await scriptedOnsite(scriptedArchive(rows, {}))
    closing.push(() => scripted.close())
    const { contacts } = await scripted.crm.read({ by: 'contactId', contactIds: ['1'] }, {})
    expect(contacts[0]?.consents.marketingSendouts?.value).toBe(expected)
  })
})

describe('a database that compares with case', () => {
  it('is asked for an address as it is written, and in lower case', async () => {
    const { crm } = await opened(2, { caseSensitive: true })
    const { contacts } = await crm.read({ by: 'email', emails: ['P1@X.no', 'p2@x.no'] }, {})
    expect(contacts.map(({ contactId }) => contactId)).toEqual(['1', '2'])
  })
})

describe('an installation that lacks columns', () => {
  it.each(['email.person_id.DeletedDate', 'email.type'])(
    'is read without %s, found out once',
    async (column) => {
      const { read, heard } = await opened(3, { unknown: [column] })
      const contacts = await read()
      expect(contacts.map(({ email }) => email)).toEqual(['p1@x.no', 'p2@x.no', 'p3@x.no'])
      const marketing = contacts[0]?.consents.marketingSendouts
      expect(marketing).toMatchObject({ value: 'withdrawn', version: '4', lastWriter: 'user' })
      const first = heard.length
      await read()
      expect(heard.slice(first).some(({ path }) => path.includes(column))).toBe(false)
    },
  )

  it('of the version shows consents that are unknown, and none is written', async () => {
    const { read, crm, heard } = await opened(2, { unknown: ['consentperson.updatedCount'] })
    const unknown = { value: null, version: '' }
    expect((await read())[0]?.consents.marketingSendouts).toMatchObject(unknown)
    const write = {
      kind: 'consent',
      contactId: '1',
      purpose: 'marketingSendouts',
      value: 'consent',
      expectedVersion: '4',
    } as const
    expect(await crm.write([write], {})).toMatchObject([{ status: 'conflict' }])
    expect(heard.filter(({ method }) => method === 'PUT')).toEqual([])
  })

  it('that cannot be done without is refused, and is not asked for over and over', async () => {
    const { read, heard } = await opened(2, { unknown: ['consentperson.legalBase_id.key'] })
    await expect(read()).rejects.toMatchObject({ code: 'upstream_refused' })
    const first = heard.length
    await expect(read()).rejects.toMatchObject({ code: 'upstream_refused' })
    expect(heard.length - first).toBeLessThan(first / 2)
  })
})

describe('a server without POST of archives', () => {
  const html: Said = { status: 404, headers: { 'content-type': 'text/html' }, body: '<html>' }
  const malformed: Said = { status: 400, body: { Message: 'The request is invalid.' } }
  const post = (said: Said) => (heard: Heard) => (heard.method === 'POST' ? said : undefined)

  it.each([{ status: 405 }, html, malformed, { status: 415, body: {} }])(
    'which answers %j is asked by GET, and is not posted to again',
    async (said) => {
      const { read, heard } = await opened(300, { instead: post(said) })
      expect(await read()).toHaveLength(300)
      const first = heard.length
      expect(await read()).toHaveLength(300)
      expect(heard.slice(first).filter(({ method }) => method === 'POST')).toEqual([])
    },
  )

  it.each([html, malformed, { status: 404 }, { status: 414 }])(
    'which says %j to a long GET is asked for less',
    async (said) => {
      const tooLong = (heard: Heard) =>
        heard.method === 'POST' ? { status: 405 } : heard.path.length > 1_900 ? said : undefined
      const { crm } = await opened(90, { instead: tooLong })
      const emails = Array.from({ length: 90 }, (_, at) => `p${at + 1}@x.no`)
      const long = Array.from({ length: 90 }, (_, at) => `${'x'.repeat(40)}${at}@x.no`)
      const reading = await crm.read({ by: 'email', emails: [...emails, ...long] }, {})
      expect(reading.contacts).toHaveLength(90)
    },
  )

  it('is posted to again after hours, as it may have been upgraded', async () => {
    const methods: string[] = []
    const clock = { nowMs: 0 }
    const client = {
      json: (request: { method: string; operation: string }) => {
        methods.push(request.method)
        const body = { value: [] }
        return request.method === 'POST' && clock.nowMs < 1
          ? Promise.reject(refusal(405, request.operation))
          : Promise.resolve({ body })
      },
    }
    const archive = new Archive(client as unknown as SuperOfficeClient, () => clock.nowMs)
    const filter = 'x'.repeat(2_000)
    const query = { provider: 'dynamic', select: [], filter, orderBy: 'x', top: 1, name: 'x' }
    await expect(archive.page(query, {})).rejects.toMatchObject({ name: 'QueryTooLong' })
    await archive.page(query, {})
    clock.nowMs = 13 * 3_600_000
    await archive.page(query, {})
    expect(methods).toEqual(['POST', 'GET', 'POST'])
  })
})

function refusal(status: number, operation: string): UpstreamError {
  return new UpstreamError({
    code: 'upstream_refused',
    system: 'superoffice',
    status,
    retryable: false,
    mayHaveBeenApplied: false,
    operation,
    message: 'refused',
  })
}
