import { ConfidentialClientApplication } from '@azure/msal-node'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { DEFAULT_OPTIONS } from '../../../simulators/dynamics/options.js'
import { requestToken, startOrganisation, type TestOrganisation } from './client.js'
import { tableBody, yesNoColumn } from './tables.js'

describe('sign-in, limits and faults of the Dataverse stand-in', () => {
  let org: TestOrganisation

  beforeEach(async () => {
    org = await startOrganisation({
      grantNewTables: false,
      metadataCacheDelayMs: 60_000,
      customizationMs: 30,
    })
  })
  afterEach(() => org.close())

  it('refuses credentials as Entra does', async () => {
    const refusal = async (changes: Record<string, string>, tenant?: string): Promise<string> => {
      const { status, json } = await requestToken(org.url, changes, tenant)
      return `${status} ${json.error} ${json.error_codes}`
    }
    expect(await refusal({ client_secret: 'wrong' })).toBe('401 invalid_client 7000215')
    expect(await refusal({ client_id: 'nobody' })).toBe('400 unauthorized_client 700016')
    expect(await refusal({}, 'elsewhere')).toBe('400 invalid_request 90002')
    expect(await refusal({ scope: 'https://other.crm4.dynamics.com/.default' })).toBe(
      '400 invalid_resource 500011',
    )
    expect(await refusal({ scope: `${org.url}/user_impersonation` })).toBe(
      '400 invalid_scope 1002012',
    )
    expect(await refusal({ client_secret: '' })).toBe('400 invalid_request 900144')
  })

  it('signs in a client of the vendor library, over a transport that speaks http to loopback', async () => {
    const send = async <T>(
      method: string,
      url: string,
      options?: { headers?: Record<string, string>; body?: string },
    ): Promise<{ headers: Record<string, string>; body: T; status: number }> => {
      const response = await fetch(url.replace(/^https:/, 'http:'), { method, ...options })
      const headers = Object.fromEntries(response.headers)
      return { headers, body: (await response.json()) as T, status: response.status }
    }
    const host = new URL(org.url).host
    const [app] = DEFAULT_OPTIONS.apps
    const client = new ConfidentialClientApplication({
      auth: {
        clientId: app?.clientId ?? '',
        clientSecret: app?.secret ?? '',
        authority: `https://${host}/${DEFAULT_OPTIONS.tenantId}`,
        knownAuthorities: [host],
      },
      system: {
        networkClient: {
          sendGetRequestAsync: (url, options) => send('GET', url, options),
          sendPostRequestAsync: (url, options) => send('POST', url, options),
        },
      },
    })
    const result = await client.acquireTokenByClientCredential({ scopes: [`${org.url}/.default`] })
    const bearer = { Authorization: `Bearer ${result?.accessToken}` }
    expect((await org.api('GET', 'WhoAmI', undefined, bearer)).status).toBe(200)
  })

  it('asks for a new token once the old one is revoked or too old', async () => {
    expect((await org.api('GET', 'WhoAmI')).status).toBe(200)
    await org.control('POST', 'switches', { revokeTokens: true })
    const refused = await org.api('GET', 'WhoAmI')
    expect([refused.status, refused.text]).toEqual([401, ''])
    expect(refused.headers.get('www-authenticate')).toContain('authorization_uri=')
    await org.signIn()
    await org.control('POST', 'switches', { clockSkewMs: 3_600_000 })
    expect((await org.api('GET', 'WhoAmI')).status).toBe(401)
  })

  it('knows only application users of the organisation, and their privileges', async () => {
    await org.control('POST', 'switches', { removePrivileges: ['prvWriteContact'] })
    const id = (await org.control('POST', 'rows/contact', { values: { lastname: 'Lee' } })).json.id
    const refused = await org.api('PATCH', `contacts(${id})`, { lastname: 'x' })
    expect([refused.status, refused.json.error.code]).toEqual([403, '0x80040220'])
    const { json } = await org.api('GET', 'WhoAmI')
    const mine = await org.api(
      'GET',
      `systemusers(${json.UserId})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges`,
    )
    const names = mine.json.RolePrivileges.map(
      (one: { PrivilegeName: string }) => one.PrivilegeName,
    )
    expect(names).toContain('prvReadContact')
    expect(names).not.toContain('prvWriteContact')
    await org.control('POST', 'switches', {
      removeApplicationUser: '0f8c1a52-7e0b-4d7f-9c55-1f2d3c4b5a69',
    })
    const stranger = await org.api('GET', 'WhoAmI')
    expect([stranger.status, stranger.json.error.code]).toEqual([403, '0x80072560'])
  })

  it('gives no privileges on a new table until someone does, and hides it for a while', async () => {
    expect((await org.api('POST', 'EntityDefinitions', tableBody('em_Things', []))).status).toBe(
      204,
    )
    expect((await org.api('GET', 'em_thingses')).status).toBe(404)
    const strong = { Consistency: 'Strong' }
    expect((await org.api('GET', 'em_thingses', undefined, strong)).status).toBe(403)
    await org.control('POST', 'switches', { grantPrivileges: ['prvReadem_Things'] })
    expect((await org.api('GET', 'em_thingses', undefined, strong)).status).toBe(200)
  })

  it('lets one customization run at a time', async () => {
    const path = "EntityDefinitions(LogicalName='contact')/Attributes"
    const both = await Promise.all(
      ['em_A', 'em_B'].map((name) => org.api('POST', path, yesNoColumn(name, true))),
    )
    expect(both.map((answer) => answer.status).sort()).toEqual([204, 429])
    const late = both.find((answer) => answer.status === 429)
    expect([late?.json.error.code, late?.headers.get('retry-after')]).toEqual(['0x80071151', null])
    await org.control('POST', 'switches', { holdLockMs: 60_000 })
    expect(
      (await org.api('POST', 'PublishXml', { ParameterXml: '<importexportxml/>' })).status,
    ).toBe(429)
  })

  it('protects itself by requests in total and by simultaneous requests', async () => {
    await org.control('POST', 'switches', { limits: { requests: 3 } })
    const statuses: number[] = []
    for (let n = 0; n < 4; n++) {
      statuses.push((await org.api('GET', 'WhoAmI')).status)
    }
    expect(statuses).toEqual([200, 200, 200, 429])
    const refused = await org.api('GET', 'WhoAmI')
    expect(refused.json.error.code).toBe('0x80072322')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(200)
    await org.control('POST', 'switches', { limits: { requests: 6000, concurrent: 1 } })
    const slow = "EntityDefinitions(LogicalName='contact')/Attributes"
    const [, second] = await Promise.all([
      org.api('POST', slow, yesNoColumn('em_C', true)),
      org.api('POST', slow, yesNoColumn('em_D', true)),
    ])
    expect(second?.json.error.code).toBe('0x80072326')
  })

  it('shows the configured faults, the kind of work done without an answer too', async () => {
    const id = crypto.randomUUID()
    await org.control('POST', 'faults', {
      method: 'PATCH',
      path: 'contacts',
      reset: true,
      execute: true,
      times: 1,
    })
    await expect(org.api('PATCH', `contacts(${id})`, { lastname: 'Lee' })).rejects.toThrow()
    expect((await org.api('GET', `contacts(${id})`)).json.lastname).toBe('Lee')
    await org.control('POST', 'faults', {
      path: 'WhoAmI',
      html: true,
      status: 503,
      headers: { 'Retry-After': '7' },
      times: 1,
    })
    const page = await org.api('GET', 'WhoAmI')
    expect([page.status, page.headers.get('retry-after'), page.text.slice(0, 9)]).toEqual([
      503,
      '7',
      '<!DOCTYPE',
    ])
    await org.control('POST', 'faults', { path: 'WhoAmI', truncate: true, times: 1 })
    expect((await org.api('GET', 'WhoAmI')).json).toEqual({})
    expect((await org.api('GET', 'WhoAmI')).json.UserId).toBeDefined()
    const counters = (await org.control('GET', 'counters')).json
    expect(counters['GET /api/data/v9.2/WhoAmI']).toBe(3)
  })
})
