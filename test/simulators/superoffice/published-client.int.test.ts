import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type * as SuperOffice from '@superoffice/webapi' with { 'resolution-mode': 'require' }
import type * as Carriers from '@superoffice/webapi/Converters.js' with {
  'resolution-mode': 'require',
}
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import {
  authenticate,
  claimsOf,
  exchange,
  startInstallation,
  type TestInstallation,
} from './client.js'

/*
 * SuperOffice's own client against the stand-in. The stand-in must accept everything that the client sends, and the
 * client must be able to read every answer. The client has agents and the REST of persons. For the REST of consents,
 * lists and webhooks and for the principal it has no call, but the constructors of its carriers, which check the
 * answers. It has nothing for the sign-in of system users (only for the resulting ticket) and for archives by OData.
 */

type Package = typeof SuperOffice

// Its ES module names files without extensions, which Node does not find.
const { UpsertNomatchAction, UserType, WebApi, WebhookState } = createRequire(import.meta.url)(
  '@superoffice/webapi',
) as Package

type Converters = typeof Carriers
const { Create_ConsentInfo_From, Create_SoPrincipalCarrier_From, ...carriers } = createRequire(
  import.meta.url,
)('@superoffice/webapi/Converters.js') as Converters

let installation: TestInstallation
let api: InstanceType<Package['WebApi']>

async function open(options: Parameters<typeof startInstallation>[0]) {
  installation = await startInstallation({ allowHttpWebhooks: true, ...options })
  const { handedOut } = installation.running
  // `baseUrl` ends in `/api`: the client appends `/v1/…`.
  const baseUrl = handedOut.apiUrl.replace(/\/v1$/, '')
  api = new WebApi({
    baseUrl,
    axiosConfig: {},
    timezone: 'UTC',
    timezoneInclude: true,
    languageCode: 'en',
  })
  await installation.control.post('persons', {
    persons: [{ firstName: 'Ada', lastName: 'L', emails: ['ada@x.no'] }, { firstName: 'Bo' }],
  })
}

async function signInOnline() {
  const { running } = installation
  const answer = await authenticate(running, exchange(running, Date.now()))
  const claims = claimsOf(String((answer.json as { Token: string }).Token))
  api.authenticateWithTicket(claims['http://schemes.superoffice.net/identity/ticket']!)
  api.applicationToken(running.handedOut.online!.clientSecret)
}

/** The carrier of an answer; the carrier must know each property of the answer. */
const carried = <T extends object>(make: (answer: unknown) => T, answer: unknown): T => {
  const carrier = make(answer)
  const taken = Object.entries(carrier).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name.charAt(0).toUpperCase()}${name.slice(1)}`],
  )
  // Links are REST's own and in no carrier.
  const told = Object.keys(answer as object).filter((name) => name !== '_Links')
  expect(taken).toEqual(expect.arrayContaining(told))
  return carrier
}

beforeEach(async () => {
  await open({})
  await signInOnline()
})
afterEach(() => installation.close())

describe('signing in, by @superoffice/webapi', () => {
  it('needs the ticket and the application’s token', async () => {
    api.authenticateWithTicket('7T:another')
    await expect(api.getListAgent().getLegalBasesAsync()).rejects.toMatchObject({
      response: { status: 401 },
    })
  })

  it('goes by user and password on-site', async () => {
    await installation.close()
    await open({ mode: 'onsite' })
    const { user, password } = installation.running.handedOut.onsite!
    api.authenticateWithPassword(user, password)
    expect(await api.getListAgent().getLegalBasesAsync()).toHaveLength(7)
  })
})

describe('lists, by @superoffice/webapi', () => {
  it('are read with ids, keys and what is particular to each', async () => {
    const lists = api.getListAgent()
    expect(await lists.getConsentPurposesAsync()).toMatchObject([
      { consentPurposeId: 1, key: 'STORE', name: 'Sales and service', active: 1, deleted: false },
      { consentPurposeId: 2, key: 'EMARKETING', updatedDate: expect.any(Date) },
    ])
    expect((await lists.getLegalBasesAsync())[6]).toMatchObject({
      legalBaseId: 7,
      key: 'WITHDRAWN',
    })
    expect((await lists.getConsentSourcesAsync())[0]).toMatchObject({
      consentSourceId: 1,
      mailTemplateId: 0,
    })
  })

  it('take a new source', async () => {
    const source = { name: 'eMarketeer', key: 'EMARKETEER', tooltip: '', rank: 10 }
    const saved = await api.getListAgent().saveConsentSourceAsync(source)
    expect(saved).toMatchObject({ consentSourceId: 10, ...source })
    await expect(api.getListAgent().saveConsentSourceAsync(source)).rejects.toMatchObject({
      response: { status: 400 },
    })
  })
})

describe('persons, by @superoffice/webapi', () => {
  it('are read by agent, null where there is none', async () => {
    const persons = api.getPersonAgent()
    const person = await persons.getPersonEntityAsync(1)
    expect(person).toMatchObject({
      personId: 1,
      firstname: 'Ada',
      retired: false,
      emails: [{ value: 'ada@x.no' }],
      consents: [{ consentPurposeKey: 'STORE', legalBaseKey: '61F' }],
    })
    expect(Math.abs(person.createdDate!.getTime() - Date.now())).toBeLessThan(60_000)
    expect(await persons.getPersonEntityAsync(99)).toBeNull()
    expect(await persons.getPersonListAsync([1, 2, 99])).toMatchObject([
      { personId: 1, email: 'ada@x.no', retired: 0 },
      { personId: 2, email: '' },
    ])
  })

  it('are read by REST, unless nothing changed or nobody is there', async () => {
    const rest = api.getPersonRestApi()
    expect(await rest.getByIdAsync(1)).toMatchObject({ personId: 1, fullName: 'Ada L' })
    await expect(rest.getByIdAsync(99)).rejects.toMatchObject({ response: { status: 404 } })
    // A time that was passed once stays in the headers of this client.
    expect(await rest.getByIdAsync(1, { ifModifiedSince: new Date(Date.now() + 5_000) })).toBeNull()
  })

  it('are changed by fields, and by operations that may test what is there', async () => {
    const rest = api.getPersonRestApi()
    expect(await rest.patchByIdAsync(1, { lastname: 'Lovelace' })).toMatchObject({
      lastname: 'Lovelace',
    })
    const patch = [
      { op: 'test', path: '/Lastname', value: 'Lovelace' },
      { op: 'replace', path: 'firstname', value: 'A' },
    ] as unknown as Parameters<typeof rest.patchByIdAsync>[1]
    expect(await rest.patchByIdAsync(1, patch)).toMatchObject({ fullName: 'A Lovelace' })
    const other = [{ op: 'test', path: '/Lastname', value: 'L' }] as unknown as typeof patch
    await expect(rest.patchByIdAsync(1, other)).rejects.toMatchObject({ response: { status: 409 } })
    const late = { ifUnmodifiedSince: new Date(0) }
    await expect(rest.patchByIdAsync(1, { lastname: 'X' }, late)).rejects.toMatchObject({
      response: { status: 412 },
    })
  })
})

describe('consents, by @superoffice/webapi', () => {
  it('are set and read by key', async () => {
    const persons = api.getPersonAgent()
    await persons.setConsentAsync(1, 'EMARKETING', 'Api', '61A', 'by the client')
    expect(await persons.hasConsentAsync(1, 'EMARKETING')).toBe(true)
    const infos = await persons.getConsentInfosAsync(1)
    expect(infos.find((it) => it.consentPurposeKey === 'EMARKETING')).toMatchObject({
      legalBaseKey: '61A',
      legalBaseName: 'Consent',
      consentSourceKey: 'Api',
      comment: 'by the client',
      registeredAssociateId: 316,
      registered: expect.any(Date),
    })
    await persons.setConsentAsync(1, 'EMARKETING', 'Api', 'WITHDRAWN', '')
    expect(await persons.hasConsentAsync(1, 'EMARKETING')).toBe(false)
  })

  it('are written by row and by ids, one for a person and purpose', async () => {
    const persons = api.getPersonAgent()
    const row = {
      consentPersonId: 0,
      consentSource: { consentSourceId: 5 },
      legalBase: { legalBaseId: 1 },
      personId: 2,
      consentPurpose: { consentPurposeId: 2 },
      comment: '',
    }
    const saved = await persons.saveConsentPersonAsync(row)
    expect(saved).toMatchObject({ personId: 2, legalBase: { legalBaseId: 1, key: null } })
    const consentPersonId = saved.consentPersonId!
    expect(await persons.getConsentPersonAsync(consentPersonId)).toMatchObject({ personId: 2 })
    await persons.saveConsentPersonAsync({ ...row, consentPersonId, legalBase: { legalBaseId: 7 } })
    expect(await persons.hasConsentAsync(2, 'EMARKETING')).toBe(false)
    await expect(persons.saveConsentPersonAsync(row)).rejects.toMatchObject({
      response: { status: 400 },
    })
  })

  it('are written many in one request', async () => {
    const columns = [
      'person_id',
      'consentPurpose_id',
      'legalBase_id',
      'consentSource_id',
      'comment',
    ]
    const keys = ['person_id', 'consentPurpose_id']
    const data = [
      ['1', '2', '7', '8', ''],
      ['2', '1', '7', '8', ''],
    ]
    const { NoChange } = UpsertNomatchAction
    const result = await api
      .getDatabaseTableAgent()
      .upsertAsync('ConsentPerson', columns, keys, data, NoChange, true)
    expect(result).toMatchObject({
      success: true,
      inserts: 1,
      updates: 1,
      deletes: 0,
      rowStatus: [
        { action: 'Inserted', rowKeys: ['1', '2'] },
        { action: 'Updated', rowKeys: ['2', '1'], primaryKey: expect.any(Number) },
      ],
    })
  })
})

describe('archives, by @superoffice/webapi', () => {
  it('are queried by columns, filter, order and page', async () => {
    const columns = 'personId,email/emailAddress,retired,legalBaseStore'
    const query = (page: number, filter: string) =>
      api
        .getArchiveAgent()
        .getArchiveListByColumns2Async('Person', columns, 'personId', filter, '', page, 1)
    const [first] = await query(0, 'personId in (1,2)')
    expect(first).toMatchObject({
      entityName: 'person',
      primaryKey: 1,
      columnData: {
        personId: { displayValue: '[I:1]' },
        'email/emailAddress': { displayValue: 'ada@x.no' },
        retired: { displayValue: '[B:False]' },
        legalBaseStore: { displayValue: 'Legitimate interest' },
      },
    })
    expect(await query(1, 'personId in (1,2)')).toMatchObject([{ primaryKey: 2 }])
    expect(await query(-1, 'personId in (1,2)')).toMatchObject([{ primaryKey: 2 }])
    await expect(query(0, 'noSuchColumn = 1')).rejects.toMatchObject({ response: { status: 400 } })
  })
})

describe('webhooks, by @superoffice/webapi', () => {
  it('are registered, found, changed and removed', async () => {
    const receiver = createServer((_, response) => response.end('')).listen(0, '127.0.0.1')
    await new Promise((resolve) => receiver.once('listening', resolve))
    const targetUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`
    try {
      const webhooks = api.getWebhookAgent()
      const blank = await webhooks.createDefaultWebhookAsync()
      expect(blank).toMatchObject({ webhookId: 0, state: WebhookState.Active, type: 'webhook' })
      const draft = { ...blank, name: 'Ours', targetUrl, events: ['person.consented'], secret: 's' }
      const saved = await webhooks.saveWebhookAsync(draft)
      expect(saved).toMatchObject({ name: 'Ours', state: WebhookState.Active, secret: '' })
      const webhookId = saved.webhookId!
      const named = await webhooks.getAllWebhooksAsync('Ours', '', WebhookState.Unknown)
      expect(named).toMatchObject([{ webhookId, events: ['person.consented'] }])
      const { json } = await installation.api('GET', 'Webhook?nameFilter=Ours')
      const rows = json as readonly unknown[]
      expect(rows.map((row) => carried(carriers.Create_Webhook_From, row))).toEqual(named)
      const state = WebhookState.Stopped
      await webhooks.saveWebhookAsync({ ...draft, webhookId, state })
      expect(await webhooks.getWebhookAsync(webhookId)).toMatchObject({ state })
      expect(await webhooks.getLastErrorAsync(webhookId)).toBe('')
      await webhooks.deleteWebhookAsync(webhookId)
      expect(await webhooks.getWebhookAsync(webhookId)).toBeNull()
    } finally {
      receiver.close()
    }
  })
})

describe('what REST answers, as @superoffice/webapi makes its carriers of it', () => {
  // In the client's form.
  const ENGLISH = { headers: { 'accept-language': 'en' } }
  const get = async (path: string) => {
    const { status, json } = await installation.api('GET', path, ENGLISH)
    expect(status).toBe(200)
    return json as Readonly<Record<string, unknown>>
  }
  it('is the principal', async () => {
    await installation.control.post('switches', { functionRights: ['a-right'] })
    const principal = carried(Create_SoPrincipalCarrier_From, await get('User/currentPrincipal'))
    expect(principal).toMatchObject({
      userType: UserType.SystemAssociate,
      associateId: 316,
      databaseContextIdentifier: installation.running.handedOut.online!.contextIdentifier,
      functionRights: ['a-right'],
    })
  })

  it('is a person, the same that the agent reads', async () => {
    const person = carried(carriers.Create_PersonEntity_From, await get('Person/1'))
    expect(person).toEqual(await api.getPersonAgent().getPersonEntityAsync(1))
  })

  it('are consents, the same that the agent reads', async () => {
    const query = new URLSearchParams({ source: 'Api', legalBase: '61A', comment: 'by REST' })
    const put = await installation.api('PUT', `Person/1/Consent/EMARKETING?${query.toString()}`)
    expect([put.status, put.text]).toEqual([204, ''])
    const rows = (await get('Person/1/Consent')) as unknown as readonly unknown[]
    const infos = rows.map((row) => carried(Create_ConsentInfo_From, row))
    expect(infos).toHaveLength(2)
    expect(infos).toEqual(await api.getPersonAgent().getConsentInfosAsync(1))
    expect(await get('Person/1/Consent/EMARKETING')).toBe(
      await api.getPersonAgent().hasConsentAsync(1, 'EMARKETING'),
    )
  })

  it('are lists, the same that the agent reads', async () => {
    const agent = api.getListAgent()
    const lists = [
      [
        'ConsentPurpose',
        carriers.Create_ConsentPurpose_From,
        await agent.getConsentPurposesAsync(),
      ],
      ['LegalBase', carriers.Create_LegalBase_From, await agent.getLegalBasesAsync()],
      ['ConsentSource', carriers.Create_ConsentSource_From, await agent.getConsentSourcesAsync()],
    ] as const
    for (const [list, make, read] of lists) {
      const items = (await get(`List/${list}/Items`)) as unknown as readonly unknown[]
      expect(items.map((item) => carried<object>(make, item))).toEqual(read)
    }
    const source = { Name: 'eMarketeer', Key: 'EMARKETEER', Tooltip: '', Rank: 10 }
    const { json } = await installation.api('POST', 'List/ConsentSource/Items', { body: source })
    expect(carried(carriers.Create_ConsentSource_From, json)).toMatchObject({ key: 'EMARKETEER' })
  })
})
