import { request } from 'node:https'
import { afterEach, describe, expect, it } from '@jest/globals'
import { call, encoded, startInstallation, type TestInstallation } from './client.js'

let installation: TestInstallation

afterEach(() => installation.close())

const SELECT = { select: 'person.person_id', orderBy: 'person.person_id', top: '1' }

describe('on-site', () => {
  it('takes Basic, an empty password too, and nothing else', async () => {
    installation = await startInstallation({ mode: 'onsite', virtualDirectory: '/crm' })
    const who = (Authorization: string) =>
      installation.api('GET', 'User/currentPrincipal', { headers: { Authorization } })
    expect(installation.running.handedOut.apiUrl).toMatch(/\/crm\/api\/v1$/)
    expect((await who(`Basic ${btoa('adm0:')}`)).json).toMatchObject({
      UserType: 'InternalAssociate',
      DatabaseContextIdentifier: 'Default',
    })
    const refused = await who(`Basic ${btoa('adm0:x')}`)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toContain('Basic')
    expect((await who('SOTicket 7T:AAAA')).status).toBe(401)
    const wrongPath = await call('GET', `${installation.running.url}/SuperOffice/api/v1/Person/1`)
    expect(wrongPath.status).toBe(404)
    expect(wrongPath.headers.get('content-type')).toBe('text/html')
  })

  it('names an internal host in its links', async () => {
    installation = await startInstallation({ mode: 'onsite' })
    await installation.control.post('persons', { persons: [{}, {}] })
    const { json } = await installation.archive('dynamic', SELECT)
    const inside = 'http://so-app01.internal/SuperOffice/api/v1/Archive/'
    expect(json['odata.metadata']).toBe(`${inside}$metadata`)
    const next = String(json['odata.nextLink'])
    expect(next.startsWith(`${inside}dynamic?`)).toBe(true)
    const second = await installation.api('GET', `Archive/dynamic?${next.split('?')[1]}`)
    expect(second.json.value).toMatchObject([{ PrimaryKey: '2' }])
    const root = await call('GET', installation.running.handedOut.apiUrl.replace('/v1', ''))
    expect(root.json.v1).toBe('http://so-app01.internal/SuperOffice/api/v1/')
  })

  it('has no webhooks until its configuration says so', async () => {
    installation = await startInstallation({ mode: 'onsite' })
    expect((await installation.api('GET', 'Webhook')).status).toBe(403)
    await installation.close()
    installation = await startInstallation({ mode: 'onsite', enableWebhooks: true })
    expect((await installation.api('GET', 'Webhook')).json).toEqual([])
  })

  it('may be old: no form, no webhooks, hashes before keys, no last link', async () => {
    installation = await startInstallation({ mode: 'onsite', older: true })
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const form = { body: encoded(SELECT), headers }
    expect((await installation.api('POST', 'Archive/dynamic', form)).status).toBe(405)
    expect((await installation.api('GET', 'Webhook')).status).toBe(404)
    const bases = await installation.api('GET', 'List/LegalBase/Items')
    expect(bases.json).toMatchObject([{ Key: '#61A' }, {}, {}, {}, {}, {}, { Key: '#WITHDRAWN' }])
    expect((await installation.archive('dynamic', SELECT)).text).not.toContain('nextLink')
    await installation.control.post('persons', { persons: [{}] })
    const put = (purpose: string, base: string) =>
      installation.api('PUT', `Person/1/Consent/${purpose}?source=Api&legalBase=${base}`)
    expect((await put('EMARKETING', '%2361A')).status).toBe(404)
    expect((await put('%23EMARKETING', '61A')).status).toBe(400)
    expect((await put('%23EMARKETING', '%2361A')).status).toBe(204)
  })

  it('speaks TLS with a certificate of its own authority', async () => {
    installation = await startInstallation({ mode: 'onsite', tls: true })
    const { apiUrl, onsite } = installation.running.handedOut
    const status = (ca?: string) =>
      new Promise<number | string>((resolve) => {
        request(apiUrl.replace('/v1', ''), { ...(ca === undefined ? {} : { ca }) }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
          .on('error', (error) => resolve((error as NodeJS.ErrnoException).code ?? ''))
          .end()
      })
    expect(await status(onsite?.caPem ?? '')).toBe(200)
    expect(await status()).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    expect(await installation.control.get('health')).toEqual({ ok: true })
  })
})
