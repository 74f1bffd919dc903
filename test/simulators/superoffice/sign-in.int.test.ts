import { createPublicKey, generateKeyPairSync, sign, verify, type JsonWebKey } from 'node:crypto'
import { afterEach, describe, expect, it } from '@jest/globals'
import {
  authenticate,
  call,
  claimsOf,
  exchange,
  startInstallation,
  type TestInstallation,
} from './client.js'

let installation: TestInstallation

afterEach(() => installation.close())

const principal = (headers: Record<string, string> = {}) =>
  installation.api('GET', 'User/currentPrincipal', { headers })

describe('signing in Online', () => {
  it('answers a JWT that its published key verifies, around a ticket', async () => {
    installation = await startInstallation()
    const { running } = installation
    const answer = await authenticate(running, exchange(running, Date.now()))
    expect(answer.json).toMatchObject({ IsSuccessful: true, ErrorMessage: null })
    const [header, claims, signature] = String(answer.json.Token).split('.')
    const metadata = await call('GET', `${running.url}/login/.well-known/openid-configuration`)
    const { json } = await call('GET', String(metadata.json.jwks_uri))
    const [key] = json.keys as (JsonWebKey & { kid: string })[]
    expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toMatchObject({
      alg: 'RS256',
      x5t: Buffer.from(key?.kid ?? '', 'hex').toString('base64url'),
    })
    const publicKey = createPublicKey({ key: key!, format: 'jwk' })
    const data = Buffer.from(`${header}.${claims}`)
    expect(verify('RSA-SHA256', data, publicKey, Buffer.from(signature!, 'base64url'))).toBe(true)
    const said = claimsOf(String(answer.json.Token))
    const serial = said['http://schemes.superoffice.net/identity/serial']
    expect(said).toMatchObject({ iss: 'SuperOffice AS', aud: `spn:${serial}` })
    expect(said['http://schemes.superoffice.net/identity/ctx']).toBe('Cust12345')
    expect((await principal()).json).toMatchObject({
      UserType: 'SystemAssociate',
      AssociateId: 316,
      DatabaseContextIdentifier: 'Cust12345',
    })
  })

  it.each([
    ['an old minute', -3 * 60_000, {}],
    ['a minute to come', 3 * 60_000, {}],
    ['another secret', 0, { ApplicationToken: 'other' }],
    ['another tenant', 0, { ContextIdentifier: 'Cust1' }],
    ['no return type', 0, { ReturnTokenType: '' }],
    ['no signature', 0, { SignedSystemToken: 'Legal basis sync-8k8Q7DmBgo' }],
  ])('says no with 200 to %s', async (_, skewMs, changes) => {
    installation = await startInstallation()
    const { running } = installation
    const answer = await authenticate(running, exchange(running, Date.now() + skewMs, changes))
    expect(answer.status).toBe(200)
    expect(answer.json).toMatchObject({ IsSuccessful: false, Token: null })
    expect(answer.json.ErrorMessage).toEqual(expect.any(String))
  })

  it('refuses a token signed by another key', async () => {
    installation = await startInstallation()
    const { running } = installation
    const { SignedSystemToken } = exchange(running, Date.now())
    const data = SignedSystemToken.slice(0, SignedSystemToken.lastIndexOf('.'))
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const forged = sign('RSA-SHA256', Buffer.from(data), privateKey).toString('base64')
    const changes = { SignedSystemToken: `${data}.${forged}` }
    const answer = await authenticate(running, exchange(running, Date.now(), changes))
    expect(answer.json.IsSuccessful).toBe(false)
  })

  it('takes the ticket with the application token only, and nothing else', async () => {
    installation = await startInstallation()
    expect((await principal({ 'SO-AppToken': '' })).status).toBe(401)
    expect((await principal({ 'SO-AppToken': 'other' })).status).toBe(401)
    expect((await principal({ Authorization: 'SOTicket 7T:AAAA' })).status).toBe(401)
    expect((await principal({ Authorization: `Basic ${btoa('adm0:')}` })).status).toBe(401)
    expect((await principal({ Authorization: '' })).status).toBe(401)
    expect((await principal({ Accept: '*/*' })).status).toBe(400)
    expect((await principal()).status).toBe(200)
  })

  it('lets a ticket slide while used, and end when idle, expired or revoked', async () => {
    installation = await startInstallation({ switches: { ticketSeconds: 100 } })
    const { control, running } = installation
    for (let use = 0; use < 2; use += 1) {
      await control.post('tickets/idle', { seconds: 60 })
      expect((await principal()).status).toBe(200)
    }
    await control.post('tickets/idle', { seconds: 100 })
    expect((await principal()).status).toBe(401)
    await installation.signIn()
    await control.post('tickets/expire')
    expect((await principal()).status).toBe(401)
    await installation.signIn()
    expect((await principal()).status).toBe(200)
    await control.post('approval', { revoked: true })
    expect((await principal()).status).toBe(401)
    const again = await authenticate(running, exchange(running, Date.now()))
    expect(again.json.IsSuccessful).toBe(false)
  })

  it('judges the minute by the sign-in host’s clock', async () => {
    installation = await startInstallation()
    const { control, running } = installation
    await control.post('clock', { loginSkewMs: 10 * 60_000 })
    const now = await authenticate(running, exchange(running, Date.now()))
    expect(now.json.IsSuccessful).toBe(false)
    const then = await authenticate(running, exchange(running, Date.now() + 10 * 60_000))
    expect(then.json.IsSuccessful).toBe(true)
  })

  it.each([
    ['wrongIssuer', { iss: 'Somebody Else' }],
    ['wrongAudience', { aud: 'spn:1' }],
  ] as const)('can answer a JWT with a %s', async (signIn, claims) => {
    installation = await startInstallation({ switches: { signIn } })
    const { running } = installation
    const answer = await authenticate(running, exchange(running, Date.now()))
    expect(claimsOf(String(answer.json.Token))).toMatchObject(claims)
  })
})

describe('the tenant', () => {
  it('moves: the old host answers 421, the status names the new one', async () => {
    installation = await startInstallation()
    const { control, running } = installation
    const status = () => call('GET', `${running.url}/api/state/Cust12345`)
    const before = (await status()).json
    expect(before).toMatchObject({ State: 'Running', IsRunning: true })
    expect(Date.parse(String(before.ValidUntil))).toBeGreaterThan(Date.now())
    await control.post('move')
    expect((await principal()).status).toBe(421)
    const after = (await status()).json
    expect(after.Api).not.toBe(before.Api)
    const root = await call('GET', String(after.Api))
    expect(root.json).toMatchObject({ v1: `${after.Api}/v1/`, NetServerVersion: '11.10.721.0' })
    const there = await installation.api('GET', `${after.Api}/v1/User/currentPrincipal`)
    expect(there.status).toBe(200)
    expect((await call('GET', `${running.url}/api/state/Cust1`)).status).toBe(404)
  })

  it('answers 503 while not running, and runs in online maintenance', async () => {
    installation = await startInstallation()
    const { control, running } = installation
    await control.post('tenant', { state: 'OfflineMaintenance' })
    expect((await principal()).status).toBe(503)
    const { json } = await call('GET', `${running.url}/api/state/Cust12345`)
    expect(json).toMatchObject({ State: 'OfflineMaintenance', IsRunning: false })
    await control.post('tenant', { state: 'OnlineMaintenance' })
    expect((await principal()).status).toBe(200)
    await expect(control.post('tenant', { state: 'Sleeping' })).rejects.toThrow('400')
  })
})
