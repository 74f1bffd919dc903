import { isIPv4, isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'

/** An address with a port, which some proxies write into X-Forwarded-For. */
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):\d+$/i

/** Groups of an IPv6 address that identify one subscriber; the subscriber chooses the rest. */
const NETWORK_GROUPS = 4

/**
 * The source that a failed call counts against: the peer's address, or the one that the trusted proxies report. Of IPv6
 * the first 64 bits, because a subscriber has all addresses of that network. Text that is not an address comes from the
 * peer itself, and is not trusted.
 */
export function sourceOf(request: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const [, v6, v4] = WITH_PORT.exec(request.ip) ?? []
  return (
    networkOf(v6 ?? v4 ?? request.ip) ?? networkOf(request.socket.remoteAddress ?? '') ?? 'unknown'
  )
}

function networkOf(address: string): string | null {
  const [bare = ''] = address.split('%')
  const mapped = /^::ffff:([0-9.]+)$/i.exec(bare)?.[1] ?? bare
  if (isIPv4(mapped)) {
    return mapped
  }
  return isIPv6(bare) ? groupsOf(bare).slice(0, NETWORK_GROUPS).join(':') : null
}

/** The eight groups of a valid address, without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser writes an address in its canonical form.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(missing).fill('0'), ...after]
}
