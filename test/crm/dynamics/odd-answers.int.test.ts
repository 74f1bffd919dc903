import { afterEach, describe, expect, it } from '@jest/globals'
import { CrmCursorExpired, type CrmChangePage } from '../../../src/crm/crm.js'
import { DynamicsCrm } from '../../../src/crm/dynamics/session.js'
import { describeDataverseError } from '../../../src/crm/dynamics/wire/errors.js'
import {
  draftOf,
  FORM,
  pauseOf,
  PUBLISH,
  putForm,
  startWithTables,
  storedForm,
  VIEW,
} from './setup-form/forms-stand.js'
import { PLAIN, runStep, runSteps, stepOf, targetOf } from './support/run-steps.js'
import { type Said, scriptedService } from './support/scripted-service.js'
import { openCrm, type StandIn, startStandIn } from './support/stand-in.js'
import { writeMultipart } from './support/write-multipart.js'

let stand: StandIn | undefined
let service: Awaited<ReturnType<typeof scriptedService>> | undefined

afterEach(async () => {
  await stand?.close()
  await service?.close()
  stand = undefined
  service = undefined
})

async function start(options: Parameters<typeof startStandIn>[0] = {}): Promise<StandIn> {
  stand = await startStandIn({ keyActivationReads: 0, ...options })
  return stand
}

async function changes(org: StandIn, cursor: string | null, facts = {}): Promise<CrmChangePage[]> {
  const pages: CrmChangePage[] = []
  for await (const page of org.open(facts).readChanges(cursor, {})) {
    pages.push(page)
  }
  return pages
}

const cursorOf = (pages: readonly CrmChangePage[]) => pages.at(-1)?.nextCursor ?? null
const people = (pages: readonly CrmChangePage[]) => pages.flatMap((page) => page.contacts)

describe('a delta without changes', () => {
  // "An empty JSON response is returned if no table changes have occurred" (use-change-tracking-synchronize-data…).
  const EMPTY = [
    ['an empty object', '{}', 'application/json'],
    ['an empty list', '[]', 'application/json'],
    ['nothing at all', '', 'text/plain'],
    [
      'rows and null links',
      '{"value":[],"@odata.nextLink":null,"@odata.deltaLink":null}',
      'application/json',
    ],
  ] as const

  it('answered as an empty object keeps the old link, by which later changes are found', async () => {
    const org = await start()
    const baseline = cursorOf(await changes(org, null))
    await org.control('POST', 'switches', { quietDelta: 'empty' })
    const quiet = await changes(org, baseline)
    expect(people(quiet)).toEqual([])
    expect(cursorOf(quiet)).toBe(baseline)
    const { id } = await org.control<{ id: string }>('POST', 'rows/contact', {
      values: { emailaddress1: 'later@x.example' },
    })
    const later = await changes(org, cursorOf(quiet))
    expect(people(later).map(({ contactId }) => contactId)).toEqual([id])
    expect(cursorOf(later)).not.toBe(baseline)
  })

  it.each(EMPTY)('answered as %s keeps the old link', async (_, body, type) => {
    service = await scriptedService(() => ({
      status: 200,
      headers: { 'content-type': type },
      body,
    }))
    const link = `${service.url}/api/data/v9.2/contacts?$deltatoken=1`
    const cursor = JSON.stringify({ contacts: link, subscriptions: null })
    const pages: CrmChangePage[] = []
    for await (const page of openCrm(service.url).readChanges(cursor, {})) {
      pages.push(page)
    }
    expect(JSON.parse(cursorOf(pages) ?? '')).toEqual({ contacts: link, subscriptions: null })
  })

  it('is not believed of a listing: nothing there would be everybody gone', async () => {
    service = await scriptedService(() => ({ status: 200, body: {} }))
    const read = openCrm(service.url).readChanges(null, {})[Symbol.asyncIterator]()
    await expect(read.next()).rejects.toMatchObject({ code: 'upstream_unexpected_answer' })
  })
})

describe('a listing whose next link leads back', () => {
  it.each([
    ['to itself', 'contacts?$skiptoken=2', 'contacts?$skiptoken=2'],
    ['to a page before', 'contacts?$skiptoken=2', 'contacts?$skiptoken=1'],
  ])('%s is ended, and says so', async (_, first, second) => {
    let asked = 0
    service = await scriptedService(({ path }, url) => {
      asked += 1
      const next = path.includes('skiptoken=2') ? second : first
      return {
        status: 200,
        body: { value: [], '@odata.nextLink': `${url}/api/data/v9.2/${next}` },
      }
    })
    const read = async () => {
      for await (const page of openCrm(service?.url ?? '').readChanges(null, {})) {
        expect(page.contacts).toEqual([])
      }
    }
    await expect(read()).rejects.toMatchObject({
      code: 'upstream_unexpected_answer',
      message: expect.stringContaining('leads back to a page that was read'),
    })
    expect(asked).toBeLessThan(5)
  })
})

describe('a row that does not say whose it is', () => {
  const contactid = '00000000-0000-4000-8000-000000000001'
  const told = { emailaddress1: 'ann@x.example', emailaddress2: null, emailaddress3: null }
  // A listing requests each record that we know, and notes a new one at its addresses; a delta can do neither.
  it.each<readonly [string, unknown, boolean, boolean]>([
    ['with all its addresses', told, true, false],
    ['with some of its addresses', { ...told, emailaddress2: undefined }, true, true],
    ['as null', null, true, true],
    ['as a text', 'contact', true, true],
    ['as one with an id', { ...told, contactid }, false, false],
  ])('%s leaves others unproven where it may be theirs', async (_what, row, inDelta, inListing) => {
    service = await scriptedService((_heard, url) => ({
      status: 200,
      body: {
        value: [row],
        '@odata.deltaLink': `${url}/api/data/v9.2/contacts?$deltatoken=2`,
      },
    }))
    const link = `${service.url}/api/data/v9.2/contacts?$deltatoken=1`
    const cursors = [JSON.stringify({ contacts: link, subscriptions: null }), null]
    const unattributed: boolean[] = []
    for (const cursor of cursors) {
      const pages: CrmChangePage[] = []
      for await (const page of openCrm(service.url).readChanges(cursor, {})) {
        pages.push(page)
      }
      unattributed.push(pages.some((page) => page.unattributed === true))
      expect(cursorOf(pages)).not.toBeNull()
    }
    expect(unattributed).toEqual([inDelta, inListing])
  })
})

describe('a page that is too large', () => {
  it('is asked for again, shorter, and so are those after it', async () => {
    const asked: string[] = []
    const row = { contactid: '00000000-0000-4000-8000-000000000001' }
    service = await scriptedService(({ path, headers }, url) => {
      const prefer = String(headers['prefer'])
      asked.push(prefer)
      const rows = Number(/maxpagesize=(\d+)/.exec(prefer)?.[1])
      const isLast = path.includes('skiptoken')
      return {
        status: 200,
        body: {
          // More than our limit, until few enough rows are requested.
          value: rows > 2_000 ? Array.from({ length: 5_001 }, () => row) : [],
          ...(isLast
            ? { '@odata.deltaLink': `${url}/api/data/v9.2/contacts?$deltatoken=1` }
            : { '@odata.nextLink': `${url}/api/data/v9.2/contacts?$skiptoken=2` }),
        },
      }
    })
    const crm = openCrm(service.url)
    for await (const page of crm.readChanges(null, {})) {
      expect(page.contacts).toEqual([])
    }
    expect(asked).toEqual([
      'odata.track-changes,odata.maxpagesize=5000',
      'odata.track-changes,odata.maxpagesize=2500',
      'odata.track-changes,odata.maxpagesize=1250',
      'odata.maxpagesize=1250',
    ])
  })
})

describe('an outdated delta link', () => {
  it.each([
    ['0x80044352', 500],
    ['0x80044352', 503],
    ['0x80044183', 500],
  ])('is one by its code %s, whatever the status (%i)', async (code, status) => {
    const org = await start()
    const cursor = cursorOf(await changes(org, null))
    const body = {
      error: { code, message: 'Version stamp associated with the client has expired.' },
    }
    await org.control('POST', 'faults', { path: 'deltatoken', status, body })
    await expect(changes(org, cursor)).rejects.toBeInstanceOf(CrmCursorExpired)
  })

  it('is not what a server in trouble means', async () => {
    const org = await start()
    const cursor = cursorOf(await changes(org, null))
    await org.control('POST', 'faults', { path: 'deltatoken', status: 503, body: {} })
    await expect(changes(org, cursor)).rejects.toMatchObject({ code: 'upstream_unavailable' })
  })
})

describe('codes whose status is not documented', () => {
  const described = (status: number, code: string, message = '') =>
    describeDataverseError({
      status,
      headers: {},
      body: JSON.stringify({ error: { code, message } }),
    })

  it.each(['0x80060892', '0x80073002'])('%s is a conflict of keys', (code) => {
    expect(described(400, code).code).toBe('upstream_conflict')
  })

  it.each([
    ['0x80040231', 'is missing prvReadContact privilege on OTC=2'],
    ['0x80042f09', 'They need a role with the prvReadContact privilege.'],
  ])('%s is a missing right, and names it', (code, message) => {
    expect(described(400, code, message)).toMatchObject({
      code: 'upstream_forbidden',
      paths: ['prvReadContact'],
    })
  })

  it('an absent definition with status 400 is absent: set-up makes the tables', async () => {
    const org = await start({ absentDefinitionStatus: 400 })
    expect(await runSteps(org)).toHaveProperty('subscriptionsTable')
  })
})

describe('a batch that stopped at a part', () => {
  const contactId = 'b0000000-0000-4000-8000-000000000001'
  const write = {
    kind: 'consent',
    contactId,
    purpose: 'marketingSendouts',
    value: 'deny',
    expectedVersion: 'W/"1"',
  } as const

  it.each([405, 413, 500])('is read part by part, whatever its own status (%i)', async (status) => {
    service = await scriptedService((): Said => {
      const row = JSON.stringify({ '@odata.etag': 'W/"2"', contactid: contactId })
      const parts = [
        { status: 200, headers: {}, body: row },
        { status, headers: {}, body: '{}' },
      ]
      const { contentType, body } = writeMultipart(parts, { lineEnd: '\r\n' })
      return { status, headers: { 'content-type': contentType }, body: body.toString() }
    })
    const outcomes = await openCrm(service.url).write([write, write], {})
    expect(outcomes[0]).toMatchObject({ status: 'applied', version: 'W/"2"' })
    expect(outcomes[1]?.status).not.toBe('applied')
  })

  it('and has no parts means what its status says', async () => {
    service = await scriptedService(() => ({
      status: 429,
      headers: { 'retry-after': '7' },
      body: { error: { code: '0x80072322' } },
    }))
    const read = openCrm(service.url).read({ by: 'contactId', contactIds: [contactId] }, {})
    await expect(read).rejects.toMatchObject({
      code: 'upstream_rate_limited',
      retryAfterSeconds: 7,
    })
  })
})

describe('somebody else’s odd row', () => {
  const COPY = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee'

  it('among the forms stops neither the form step nor removal', async () => {
    const made = await startWithTables()
    stand = made.stand
    await putForm(stand, COPY, { formxml: '<form><tabs/></form>', name: 'Theirs' })
    const { formxml } = await storedForm(stand)
    const listing = await stand.control<{ rows: Record<string, unknown>[] }>(
      'GET',
      'rows/systemform',
    )
    const [stock] = listing.rows.filter(({ type }) => type === 2)
    const rows = [
      { formid: 'no guid', name: 7 },
      { ...stock, formid: stock?.['id'], name: { odd: true }, ismanaged: 'perhaps' },
      { formid: COPY, name: null, isdefault: 1, iscustomizable: true, formactivationstate: 'on' },
    ]
    const list = { method: 'GET', path: '/systemforms\\?.*type eq 2', status: 200 }
    await stand.control('POST', 'faults', { ...list, body: { value: rows } })
    const odd = { name: 5, formxml: null }
    await stand.control('POST', 'faults', {
      path: `/systemforms\\(${COPY}`,
      status: 200,
      body: odd,
    })
    let { facts } = made
    for (const step of [VIEW, FORM, PUBLISH]) {
      facts = await runStep(stand, step, facts)
    }
    expect((await storedForm(stand)).formxml).toContain('em_subscriptions')
    await FORM.undo(stand.open(facts), PLAIN)
    expect(await draftOf(stand)).toBe(formxml)
  })

  it('among endpoints, steps, columns and keys stops no step', async () => {
    const org = await start({ allowAnyWebhookPort: true })
    const facts = await runSteps(org)
    const odd = (path: string, row: object) =>
      org.control('POST', 'faults', {
        method: 'GET',
        path,
        status: 200,
        times: 1,
        body: { value: [row] },
      })
    await odd('/serviceendpoints\\?', { serviceendpointid: 'theirs', url: 5 })
    const crm = org.open(facts)
    const target = targetOf('http://127.0.0.1:9/hooks/crm/x')
    const installed = await crm.installWebhooks(target, {})
    expect(installed).toMatchObject({ installed: true })
    await odd('/Attributes\\?', { MetadataId: 1, LogicalName: null, AttributeType: {} })
    await expect(stepOf('tables').verify(crm, PLAIN)).resolves.toMatchObject({
      state: expect.stringMatching(/done|due/),
    })
    await odd('/Keys\\?', { MetadataId: 1, SchemaName: null })
    await expect(stepOf('keys').verify(crm, PLAIN)).resolves.toMatchObject({
      state: expect.stringMatching(/done|due/),
    })
    expect(crm).toBeInstanceOf(DynamicsCrm)
  })

  it('among what uses a component, or no list of it, costs the name and not the pause', async () => {
    const made = await startWithTables({}, [VIEW])
    stand = made.stand
    const user = `<form><tabs><tab id="{11111111-2222-4333-8444-555555555555}"><columns><column><sections><section id="{11111111-2222-4333-8444-555555555556}"><rows><row><cell id="{11111111-2222-4333-8444-555555555557}"><control id="theirs"><parameters><ViewId>{6d1c5a0e-4e0b-4c53-9a54-3f3f8d1f7b10}</ViewId></parameters></control></cell></row></rows></section></sections></column></columns></tab></tabs></form>`
    await putForm(stand, COPY, { formxml: user, name: 'Theirs' })
    for (const body of [{ value: [{ odd: 1 }] }, { rows: [] }]) {
      await stand.control('POST', 'faults', {
        path: 'RetrieveDependenciesForDelete',
        status: 200,
        times: 1,
        body,
      })
      expect(await pauseOf(VIEW.undo(stand.open(made.facts), PLAIN))).toMatchObject({
        code: 'stepFailed',
        message: expect.stringContaining('used by other components'),
      })
    }
  })
})

describe('an address with an answer that does not say who is there', () => {
  const emails = ['ann@x.example', 'bo@x.example']
  const row = {
    '@odata.etag': 'W/"1"',
    contactid: '00000000-0000-4000-8000-000000000007',
    emailaddress1: 'ann@x.example',
    emailaddress2: null,
    emailaddress3: null,
    donotbulkemail: true,
    statecode: 0,
  }
  const hidden = Object.fromEntries(
    Object.entries(row).filter(([column]) => column !== 'emailaddress1'),
  )

  it.each([
    ['no row', null],
    ['a row that hides its address', hidden],
  ])(
    '(%s) once, and returns it when it is asked again, has the contact that it returned',
    async (_, odd) => {
      let asked = 0
      service = await scriptedService(({ body }): Said => {
        asked += 1
        const isAnns = body.includes('ann%40x.example') || body.includes('ann@x.example')
        const value = asked === 1 ? [odd] : isAnns ? [row] : []
        const parts = [{ status: 200, headers: {}, body: JSON.stringify({ value }) }]
        const { contentType, body: said } = writeMultipart(parts, { lineEnd: '\r\n' })
        return { status: 200, headers: { 'content-type': contentType }, body: said.toString() }
      })
      const { contacts, unknownEmails } = await openCrm(service.url).read(
        { by: 'email', emails },
        {},
      )
      expect(contacts).toMatchObject([
        { email: 'ann@x.example', consents: { marketingSendouts: { value: 'deny' } } },
      ])
      expect(unknownEmails ?? []).toEqual([])
    },
  )
})
