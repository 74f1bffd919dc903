import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../src/contracts/app-error.js'
import { CrmCursorExpired, type CrmClient } from '../../src/crm/crm.js'
import { dynamicsDriver } from '../../src/crm/dynamics/driver.js'
import { superOfficeOnsiteDriver } from '../../src/crm/superoffice/driver.js'
import { createEmarketeerClient, type EmarketeerClient } from '../../src/emarketeer/index.js'
import { UpstreamError } from '../../src/http/index.js'
import { bombAnswers, compressedWith, oddAnswers } from '../support/hostile-json.js'

/**
 * Most processor time that one answer may keep the process from everything else; an activity without a heartbeat for 10 s is lost.
 * Processor time, because a busy machine stretches the clock's.
 */
const MAX_BLOCK_MS = 5_000

/** How often the watch looks whether the process is blocked. */
const TICK_MS = 10

const GUID = '11111111-2222-3333-4444-555555555555'

/** The caller, the usual answer, and which of its requests gets the odd answer. */
interface Reader {
  readonly name: string
  readonly path: RegExp
  readonly valid: unknown
  read(): Promise<unknown>
}

let server: Server
let url = ''
let reader: Reader
let hostile = answerOf('', false)
let emarketeer: EmarketeerClient
let dynamics: CrmClient
let superOffice: CrmClient

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '')
    request.resume().on('end', () => {
      const { headers, body } = reader.path.test(path)
        ? hostile
        : answerOf(usual(path), path.endsWith('$batch'))
      response.writeHead(200, headers).end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  emarketeer = createEmarketeerClient({ syncUrl: url, apiKey: 'k', accountId: '1001' })
  const open = { connectionId: 'acme', allowLoopbackHttp: true }
  const table = { primaryId: 'id', metadataId: 'm', objectTypeCode: 1 }
  const section = { environmentUrl: url, tenantId: GUID, clientId: GUID, authorityHost: url }
  dynamics = dynamicsDriver.open(
    dynamicsDriver.configSchema.parse({ ...section, clientSecret: 'secret' }),
    {
      ...open,
      facts: {
        subscriptionsTable: { ...table, setName: 'em_subscriptionses', primaryId: 'rowid' },
        categoriesTable: { ...table, setName: 'em_categories', primaryId: 'catid' },
      },
    },
  )
  const onsite = { baseUrl: `${url}/crm/api/v1`, username: 'adm0', password: 'p' }
  superOffice = superOfficeOnsiteDriver.open(superOfficeOnsiteDriver.configSchema.parse(onsite), {
    ...open,
    facts: { associateId: 316 },
  })
})
afterAll(async () => {
  emarketeer.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

function usual(path: string): string {
  const answer = path.includes('/oauth2/')
    ? { access_token: 't', expires_in: 3_600, token_type: 'Bearer' }
    : path.includes('currentPrincipal')
      ? { AssociateId: 316 }
      : { value: [], '@odata.deltaLink': `${url}/api/data/v9.2/x?$deltatoken=1` }
  return JSON.stringify(answer)
}

/** Built before the request arrives. @param bomb compressed; inserted at each mark in `json`. */
function answerOf(json: string, isBatch: boolean, bomb?: Buffer) {
  const text = isBatch ? multipart(json) : json
  const type = isBatch ? 'multipart/mixed; boundary=b' : 'application/json'
  return bomb === undefined
    ? { headers: { 'content-type': type }, body: Buffer.from(text) }
    : {
        headers: { 'content-type': type, 'content-encoding': 'gzip' },
        body: compressedWith(bomb, text),
      }
}

/** Two answers in the form of a `$batch`. */
function multipart(json: string): string {
  const head = 'Content-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n'
  const part = `--b\r\n${head}Content-Type: application/json\r\n\r\n${json}\r\n`
  return `${part}${part}--b--\r\n`
}

async function all(pages: AsyncIterable<unknown>): Promise<unknown[]> {
  const read: unknown[] = []
  for await (const page of pages) {
    read.push(page)
  }
  return read
}

const AT = '2026-01-01T00:00:00Z'
const ACTOR = { type: 'user', id: 'u1', name: 'Kari' }
const VALUE = { version: 1, eventTime: AT, recordedAt: AT, source: 'form', actor: ACTOR }
const CONSENT = { ...VALUE, legalBasis: 'consent', text: 't', comment: null }
const STATE = {
  contactId: '1',
  email: 'a@x.example',
  mobile: null,
  createdAt: AT,
  consents: { storeAndProcess: CONSENT, marketingSendouts: CONSENT },
  subscriptions: [{ ...VALUE, categoryId: 'c1', subscribed: true }],
}
const POINT = { legalBasis: 'consent', version: 1, eventTime: AT }
const CHANGE = {
  id: 'chg_1',
  accountId: '1001',
  type: 'consent.changed',
  contactIds: ['1'],
  email: 'a@x.example',
  eventTime: AT,
  recordedAt: AT,
  source: 'form',
  actor: ACTOR,
  writer: null,
  detail: { purpose: 'marketingSendouts', old: POINT, new: POINT, text: null, comment: null },
}
const WEBHOOK = { url: 'https://x', events: [], status: 'active', createdAt: AT, secret: 's' }
const CONTACT = {
  '@odata.etag': 'W/"1"',
  contactid: GUID,
  emailaddress1: 'a@x.example',
  emailaddress2: null,
  emailaddress3: null,
  donotbulkemail: false,
  statecode: 0,
  merged: false,
  _masterid_value: null,
  createdon: AT,
}
const ROW = {
  '@odata.etag': 'W/"1"',
  rowid: GUID,
  catid: GUID,
  em_name: 'News',
  em_categoryid: 'c1',
  em_subscribed: true,
  _em_contact_value: GUID,
  _em_category_value: GUID,
  em_rowkey: 'k',
  statecode: 0,
}
const DELTA = { '@odata.nextLink': null }
const PERSON = {
  'email.email_id': 1,
  'email.person_id': 1,
  'email.email_address': 'a@x.example',
  'email.type': 0,
  'email.rank': 1,
  'consentperson.consentperson_id': 1,
  'consentperson.person_id': 1,
  'consentperson.consentPurpose_id.key': 'EMARKETING',
  'consentperson.legalBase_id.key': '61A',
  'consentperson.updatedCount': 1,
}

const READERS: readonly Reader[] = [
  {
    name: 'states of eMarketeer',
    path: /states\/read/,
    valid: { items: [STATE], missing: ['x'] },
    read: () => emarketeer.readStates({ contactIds: ['1'] }),
  },
  {
    name: 'the walk over eMarketeer',
    path: /\/states\?/,
    valid: { items: [STATE], nextCursor: null, total: 1 },
    read: () => emarketeer.walkStates({ limit: 10 }),
  },
  {
    name: 'the feed of eMarketeer',
    path: /changes/,
    valid: { items: [CHANGE], nextCursor: 'n', hasMore: false },
    read: () => emarketeer.changes({ position: { from: 'now' } }),
  },
  {
    name: 'categories of eMarketeer',
    path: /categories/,
    valid: { items: [{ id: 'c1', name: 'News', createdAt: AT, updatedAt: AT, archived: false }] },
    read: () => emarketeer.categories({ includeArchived: true }),
  },
  {
    name: 'an audience of eMarketeer',
    path: /audiences/,
    valid: {
      items: [{ contactId: '1', email: 'a@x.example', mobile: null }],
      nextCursor: null,
      total: 1,
    },
    read: () => emarketeer.audienceContacts('a', { limit: 10 }),
  },
  {
    name: 'the webhook of eMarketeer',
    path: /webhook/,
    valid: WEBHOOK,
    read: () => emarketeer.putWebhook({ url: 'https://x', events: [] }),
  },
  {
    name: 'changes of Dynamics',
    path: /\/contacts/,
    valid: { ...DELTA, value: [CONTACT], '@odata.deltaLink': 'x' },
    read: () => all(dynamics.readChanges(null, {})),
  },
  {
    name: 'subscriptions of Dynamics',
    path: /em_/,
    valid: { ...DELTA, value: [ROW] },
    read: () => all(dynamics.readChanges(null, {})),
  },
  {
    name: 'contacts of Dynamics by address',
    path: /\$batch/,
    valid: { ...DELTA, value: [{ ...ROW, ...CONTACT }] },
    read: () => dynamics.read({ by: 'email', emails: ['a@x.example'] }, {}),
  },
  {
    name: 'the history of Dynamics',
    path: /\$batch|WhoAmI|organizations/,
    valid: { value: [{ auditid: GUID, createdon: AT, _userid_value: GUID }] },
    read: () => dynamics.readFieldHistory([GUID], {}),
  },
  {
    name: 'persons of SuperOffice',
    path: /Archive/,
    valid: { value: [PERSON], 'odata.nextLink': null },
    read: () => superOffice.read({ by: 'contactId', contactIds: ['1'] }, {}),
  },
]

describe.each(READERS)('$name', (given) => {
  it('ends with a record less or a refusal of ours, whatever is answered', async () => {
    reader = given
    for (const json of oddAnswers(given.valid)) {
      hostile = answerOf(json, given.path.test('$batch'))
      expectDecent(await outcomeOf(given), json)
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('does not block the process, however much is answered', async () => {
    reader = given
    for (const { json, bomb, exceeds } of bombAnswers(given.valid)) {
      hostile = answerOf(json, given.path.test('$batch'), bomb)
      const watch = watchBlocks()
      const outcome = await outcomeOf(given)
      // After each: if every answer blocked, the test would only end at its time limit.
      expect(await watch.longestMs()).toBeLessThan(MAX_BLOCK_MS)
      expectDecent(outcome, json)
      if (exceeds) {
        // Refused by counting, before it is parsed; answers of a $batch also by their type.
        expect(String(outcome)).toMatch(/holds more than|nested deeper|not JSON by its type/)
      }
    }
  })
})

/** Watches how much processor time, of all threads of the process, passes between two turns of the event loop. */
function watchBlocks() {
  let since = process.cpuUsage()
  let longest = 0
  const look = () => {
    const { user, system } = process.cpuUsage(since)
    longest = Math.max(longest, user + system)
    since = process.cpuUsage()
  }
  const timer = setInterval(look, TICK_MS)
  return {
    /** Ends the watch. */
    async longestMs() {
      // The last block is seen at the next tick.
      await sleep(2 * TICK_MS)
      clearInterval(timer)
      return longest / 1_000
    },
  }
}

function outcomeOf({ read }: Reader): Promise<unknown> {
  return read().catch((error: unknown) => error)
}

function expectDecent(outcome: unknown, answered: string): void {
  if (!(outcome instanceof Error)) {
    expect(JSON.stringify(outcome)).not.toMatch(/\\u0000|\\ud[89a-f]/i)
    return
  }
  const isOurs = [UpstreamError, AppError, CrmCursorExpired].some((kind) => outcome instanceof kind)
  const seen = isOurs ? 'ours' : `${outcome.name}: ${outcome.message} of ${answered.slice(0, 300)}`
  expect(seen).toBe('ours')
  expect(outcome.message).not.toContain('a@x.example')
}
