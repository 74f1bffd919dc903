import { sign } from 'node:crypto'
import type { Installation } from '../installation.js'
import { type KeyPairs, strangersKey } from './key-pairs.js'

const CLAIM = 'http://schemes.superoffice.net/identity/'
const SERIAL = '1234567890'

/** The JWT around a ticket, or its faulty form under the switch `signIn` (wire page, 2.1 step 3). */
export function envelope(world: Installation, keys: KeyPairs, ticket: string): string {
  const { signIn } = world.switches
  if (signIn === 'notJwt') {
    return '<Assertion/>'
  }
  const { contextIdentifier, associateId } = world.options
  const seconds = Math.floor(world.loginClock.now() / 1000)
  const header = { alg: 'RS256', typ: 'JWT', x5t: keys.host.x5t }
  const claims = {
    iss: signIn === 'wrongIssuer' ? 'Somebody Else' : 'SuperOffice AS',
    aud: signIn === 'wrongAudience' ? 'spn:1' : `spn:${SERIAL}`,
    iat: seconds,
    nbf: seconds,
    exp: seconds + 120,
    [`${CLAIM}ctx`]: contextIdentifier,
    [`${CLAIM}serial`]: SERIAL,
    [`${CLAIM}ticket`]: ticket,
    [`${CLAIM}netserver_url`]: `${world.apiHost}/${contextIdentifier}/Remote/Services88/`,
    [`${CLAIM}webapi_url`]: `${world.apiHost}${world.apiPath()}/`,
    [`${CLAIM}associateid`]: String(associateId),
  }
  const data = `${base64url(header)}.${base64url(claims)}`
  const key = signIn === 'badKey' ? strangersKey() : keys.host.privateKey
  return `${data}.${sign('RSA-SHA256', Buffer.from(data), key).toString('base64url')}`
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
