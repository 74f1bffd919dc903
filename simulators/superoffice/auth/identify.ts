import { timingSafeEqual } from 'node:crypto'
import type { SimRequest } from '../../common/http-server.js'
import type { Installation } from '../installation.js'
import type { TicketBook } from './ticket-book.js'

/** Whether a request has valid credentials for this kind of installation (wire page, section 2). */
export function isSignedIn(
  world: Installation,
  tickets: TicketBook,
  revoked: boolean,
  request: SimRequest,
): boolean {
  const [, scheme, credentials] =
    /^(\S+) +(\S+)$/.exec(request.headers['authorization'] ?? '') ?? []
  if (scheme === undefined || credentials === undefined || revoked) {
    return false
  }
  const { mode, clientSecret, user, password } = world.options
  if (mode === 'onsite') {
    const expected = Buffer.from(`${user}:${password}`)
    const given = Buffer.from(credentials, 'base64')
    return (
      scheme.toLowerCase() === 'basic' &&
      given.length === expected.length &&
      timingSafeEqual(given, expected)
    )
  }
  return (
    scheme.toLowerCase() === 'soticket' &&
    request.headers['so-apptoken'] === clientSecret &&
    tickets.use(credentials, world.switches.ticketSeconds * 1000)
  )
}
