import { afterEach, describe, expect, it } from '@jest/globals'
import { TokenSource } from '../../../src/crm/dynamics/auth/token-source.js'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import { RequestTally } from '../../../src/http/index.js'
import { type Said, scriptedService, tokenAnswer } from './support/scripted-service.js'
import { openCrm } from './support/stand-in.js'

type Service = Awaited<ReturnType<typeof scriptedService>>
let service: Service | undefined

const whoAmI: Said = {
  status: 200,
  body: {
    UserId: '75c2dd85-e89e-e711-8122-000d3aa2331c',
    OrganizationId: '4EF5B371-e89e-e711-8122-000d3aa2331c',
  },
}

afterEach(async () => {
  await service?.close()
})

describe('tokens', () => {
  it('are asked for once by sixteen calls at a time, and by sessions opened later', async () => {
    service = await scriptedService(() => whoAmI)
    const crm = openCrm(service.url)
    await Promise.all(Array.from({ length: 16 }, () => crm.check({})))
    await openCrm(service.url).check({})
    expect(service.issued()).toBe(1)
    expect(new Set(service.heard.map((one) => one.headers.authorization))).toEqual(
      new Set(['Bearer token-1']),
    )
  })

  it('are renewed once by sixteen calls that were refused, and each call is repeated once', async () => {
    let valid = 'Bearer token-1'
    service = await scriptedService(({ headers }) =>
      headers.authorization === valid
        ? whoAmI
        : { status: 401, headers: { 'www-authenticate': 'Bearer' } },
    )
    const crm = openCrm(service.url)
    await crm.check({})
    valid = 'Bearer token-2'
    await Promise.all(Array.from({ length: 16 }, () => crm.check({})))
    expect(service.issued()).toBe(2)
    expect(service.heard).toHaveLength(1 + 16 + 16)
  })

  it('end in upstream_auth_failed where a new one is refused too', async () => {
    service = await scriptedService(() => ({ status: 401 }))
    const error = { code: 'upstream_auth_failed', retryable: false }
    await expect(openCrm(service.url).check({})).rejects.toMatchObject(error)
    expect(service.heard).toHaveLength(2)
  })

  it.each([
    [3600, 3298, 3302],
    [100, 48, 52],
    // Lifetimes that no token has: more than a day, or only a moment.
    [999_999_999, 86_097, 86_103],
    [1e17, 0, 3],
    [-5, 0, 3],
  ])('that live %d s serve for %d s and not for %d s', async (lifeSeconds, still, no) => {
    service = await scriptedService(
      () => whoAmI,
      (issued) => tokenAnswer(`token-${issued}`, lifeSeconds),
    )
    let aheadMs = 0
    const source = new TokenSource(
      {
        environmentUrl: service.url,
        tenantId: 'tenant',
        clientId: 'client',
        clientSecret: 'secret',
        authorityHost: service.url,
      },
      () => Date.now() + aheadMs,
    )
    await expect(source.token({})).resolves.toBe('token-1')
    aheadMs = still * 1000
    await expect(source.token({})).resolves.toBe('token-1')
    aheadMs = no * 1000
    await expect(source.token({})).resolves.toBe('token-2')
  })

  it('are asked for as documented, and with nothing else', async () => {
    service = await scriptedService(() => whoAmI)
    await openCrm(service.url).check({})
    const [asked] = service.tokenRequests
    expect(asked?.path).toMatch(/^\/[^/?]+\/oauth2\/v2\.0\/token$/)
    expect(asked?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    const form = new URLSearchParams(asked?.body)
    expect([...form.keys()].sort()).toEqual(['client_id', 'client_secret', 'grant_type', 'scope'])
    expect(form.get('grant_type')).toBe('client_credentials')
    expect(form.get('scope')).toBe(`${service.url}/.default`)
  })

  it('count in the tally, and reach the authority in the form that it wants', async () => {
    service = await scriptedService(() => whoAmI)
    const tally = new RequestTally()
    await openCrm(service.url).check({ tally })
    expect(tally.operations()).toEqual({ 'dynamics.token': 1, 'dynamics.whoAmI': 1 })
  })

  it.each([
    [401, 'invalid_client', 7000215, 'upstream_auth_failed', false],
    [400, 'unauthorized_client', 700016, 'upstream_auth_failed', false],
    [400, 'invalid_request', 90002, 'upstream_auth_failed', false],
    [400, 'temporarily_unavailable', 90033, 'upstream_unavailable', true],
    [429, 'temporarily_unavailable', 90033, 'upstream_rate_limited', true],
    [503, 'server_error', 90033, 'upstream_unavailable', true],
  ])('refused with %d %s are %s', async (status, error, number, code, retryable) => {
    const description = `AADSTS${number}: app 'secret-app' of ann@example.com`
    const body = { error, error_description: description, error_codes: [number] }
    service = await scriptedService(
      () => whoAmI,
      () => ({ status, body }),
    )
    const failure = await openCrm(service.url)
      .check({})
      .catch((cause: unknown) => cause)
    expect(failure).toMatchObject({ code, retryable, upstreamCode: error })
    expect(String(failure)).toContain(`AADSTS${number}`)
    expect(String(failure)).not.toContain('secret-app')
    expect(service.heard).toHaveLength(0)
  })

  it('do not come as a page of HTML', async () => {
    const html = { status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }
    service = await scriptedService(
      () => whoAmI,
      () => html,
    )
    await expect(openCrm(service.url).check({})).rejects.toMatchObject({
      code: 'upstream_not_json',
      retryable: true,
    })
  })

  it('keep the others waiting when the first caller gives up', async () => {
    let release = (_said: Said) => {}
    const said = new Promise<Said>((resolve) => (release = resolve))
    service = await scriptedService(
      () => whoAmI,
      () => said,
    )
    const crm = openCrm(service.url)
    const controller = new AbortController()
    const first = crm.check({ signal: controller.signal })
    const second = crm.check({})
    controller.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    release(tokenAnswer('late'))
    await expect(second).resolves.toBeUndefined()
    expect(service.issued()).toBe(1)
  })
})

describe('an environment', () => {
  it('that is another than the one set up is refused', async () => {
    service = await scriptedService(() => whoAmI)
    const organization = {
      organizationId: '00000000-0000-4000-8000-000000000000',
      userId: '75c2dd85-e89e-e711-8122-000d3aa2331c',
      languageCode: 1033,
      languages: [1033],
      auditEnabled: null,
      changeTrackingDays: null,
    }
    const check = openCrm(service.url, { organization }).check({})
    await expect(check).rejects.toMatchObject({ upstreamCode: 'wrong_organization' })
  })

  it('must be https, but for loopback under the switch', () => {
    expect(() => openCrm('http://crm.example.com')).toThrow('https')
    expect(() => openCrm('http://127.0.0.1:1')).not.toThrow()
    expect(() => openCrm('http://127.0.0.2:1')).not.toThrow()
    // Entra's URL, to which the secret is sent, may contain neither user nor query.
    const signingInAt = (authorityHost: string) => () =>
      dynamicsDriver.open(
        {
          environmentUrl: 'https://crm.example.com',
          tenantId: '00000000-0000-4000-8000-000000000001',
          clientId: 'app',
          clientSecret: 'secret',
          authorityHost,
        },
        { connectionId: 'c', facts: {}, allowLoopbackHttp: true },
      )
    expect(signingInAt('https://login.example.com')).not.toThrow()
    expect(signingInAt('ftp://127.0.0.1')).toThrow('https')
    expect(signingInAt('https://user:word@login.example.com')).toThrow('user or password')
    expect(signingInAt('https://login.example.com?x=1')).toThrow('query')
  })

  it('whose page leads elsewhere gets no further request, and the other host no token', async () => {
    const other = await scriptedService(() => ({ status: 200, body: { value: [] } }))
    service = await scriptedService(() => ({
      status: 200,
      body: { value: [], '@odata.nextLink': `${other.url}/api/data/v9.2/contacts?$skiptoken=1` },
    }))
    const pages = openCrm(service.url).readChanges(null, {})[Symbol.asyncIterator]()
    await pages.next()
    await expect(pages.next()).rejects.toMatchObject({ code: 'upstream_unexpected_answer' })
    expect(other.heard).toHaveLength(0)
    await other.close()
  })

  it('whose cursor would lead elsewhere gives none', async () => {
    const link = 'https://evil.example.com/api/data/v9.2/contacts?$deltatoken=1'
    const body = { value: [], '@odata.deltaLink': link }
    service = await scriptedService(() => ({ status: 200, body }))
    const pages = openCrm(service.url).readChanges(null, {})[Symbol.asyncIterator]()
    await expect(pages.next()).rejects.toMatchObject({ code: 'upstream_unexpected_answer' })
  })
})
