import { generateKeyPairSync, sign } from 'node:crypto'
import { afterEach, describe, expect, it } from '@jest/globals'
import { ticketOfToken } from '../../../src/crm/superoffice/auth/ticket-of-token.js'
import type { OnlineConfig } from '../../../src/crm/superoffice/config.js'
import { scriptedServer } from '../support/scripted-server.js'

let close: () => Promise<void> = () => Promise.resolve()

afterEach(() => close())

const CLAIM = 'http://schemes.superoffice.net/identity/'
const pair = (kid: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return { kid, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid } }
}
const [OLD, NEW] = [pair('old'), pair('new')]
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

function tokenOf(
  { kid, privateKey }: typeof OLD,
  claims: object = {},
  named: object = { kid },
): string {
  const body = {
    iss: 'SuperOffice AS',
    aud: 'spn:123',
    exp: 1,
    [`${CLAIM}serial`]: '123',
    [`${CLAIM}ctx`]: 'Cust12345',
    [`${CLAIM}ticket`]: '7T:abc==',
    ...claims,
  }
  const data = `${base64({ alg: 'RS256', ...named })}.${base64(body)}`
  return `${data}.${sign('RSA-SHA256', Buffer.from(data), privateKey).toString('base64url')}`
}

/** A login host that publishes these keys, the last ones permanently. */
async function loginWith(...published: (readonly (typeof OLD)[])[]) {
  let asked = 0
  const server = await scriptedServer(() => {
    const keys = published[Math.min(asked, published.length - 1)] ?? []
    asked += 1
    return { status: 200, body: { keys: keys.map(({ jwk }) => jwk) } }
  })
  close = server.close
  const config = { loginHost: server.url, contextIdentifier: 'cust12345' } as OnlineConfig
  return { ...server, ticket: (token: string) => ticketOfToken(token, config, {}) }
}

describe('the ticket in a token', () => {
  it('is taken whatever the expiry of its envelope, and the case of the tenant', async () => {
    const { ticket } = await loginWith([OLD])
    await expect(ticket(tokenOf(OLD))).resolves.toBe('7T:abc==')
  })

  it('is taken where the serial is a number', async () => {
    const { ticket } = await loginWith([OLD])
    await expect(ticket(tokenOf(OLD, { [`${CLAIM}serial`]: 123 }))).resolves.toBe('7T:abc==')
  })

  it('is taken under a key that was published after we last looked', async () => {
    const { ticket, heard } = await loginWith([OLD], [OLD, NEW])
    await ticket(tokenOf(OLD))
    await expect(ticket(tokenOf(NEW))).resolves.toBe('7T:abc==')
    await ticket(tokenOf(NEW))
    expect(heard).toHaveLength(2)
  })

  // SuperOffice's own samples use the first key, whatever the header names; a real header has only `x5t`.
  it.each([{}, { kid: 'nobody' }, { kid: null }, { kid: 7 }, { x5t: 'AbCd' }])(
    'is taken under any published key where the header names %j',
    async (named) => {
      const { ticket } = await loginWith([NEW, OLD])
      await expect(ticket(tokenOf(OLD, {}, named))).resolves.toBe('7T:abc==')
    },
  )

  it('is refused under a key that nobody published, whatever the header names', async () => {
    const { ticket } = await loginWith([OLD])
    for (const named of [{ kid: 'old' }, {}, { alg: 'none' }, { alg: 'HS256' }]) {
      await expect(ticket(tokenOf(NEW, {}, named))).rejects.toThrow('not signed by the login host')
    }
  })

  it('is taken beside a published key that is none', async () => {
    const { url, close: end } = await scriptedServer(() => ({
      status: 200,
      body: { keys: [null, 'key', { kid: 'x' }, { kty: 'EC', kid: 'old' }, OLD.jwk] },
    }))
    close = end
    const config = { loginHost: url, contextIdentifier: 'Cust12345' } as OnlineConfig
    await expect(ticketOfToken(tokenOf(OLD), config, {})).resolves.toBe('7T:abc==')
  })

  it.each([
    [{ aud: 'spn:124' }, 'another audience'],
    [{ iss: 'superoffice as' }, 'another issuer'],
    [{ [`${CLAIM}ctx`]: 'Cust99999' }, 'another tenant'],
    [{ [`${CLAIM}ticket`]: '' }, 'no ticket'],
  ])('is refused with %j', async (claims, how) => {
    const { ticket } = await loginWith([OLD])
    await expect(ticket(tokenOf(OLD, claims))).rejects.toThrow(how)
  })
})
