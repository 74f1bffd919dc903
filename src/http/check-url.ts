import { AppError } from '../contracts/app-error.js'
import { describeShape } from '../contracts/problems.js'

/** The fault of a URL, or null. `http` has its own code in connection files. */
export type UrlFault = { readonly kind: 'http' | 'invalid'; readonly message: string } | null

/** This machine's names and addresses. `new URL` normalises every spelling of 127.0.0.1 to this form. */
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/

/** Whether a URL's host is this machine. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname)
}

/**
 * Checks a URL to which secrets or consent are sent. It requires https, or http on loopback under ALLOW_LOOPBACK_HTTP.
 * It refuses user and password, which would appear in logs, and a query or fragment, because paths are appended.
 */
export function checkUrl(text: string, allowLoopbackHttp: boolean): UrlFault {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    return { kind: 'invalid', message: 'must be an address that begins with https://' }
  }
  if (url.username !== '' || url.password !== '' || text.includes('@')) {
    return { kind: 'invalid', message: 'must not hold a user or password' }
  }
  if (url.search !== '' || url.hash !== '' || text.includes('?') || text.includes('#')) {
    return { kind: 'invalid', message: 'must not hold a query or fragment' }
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    return { kind: 'http', message: 'must be https' }
  }
  if (url.protocol === 'http:' && !allowLoopbackHttp) {
    return { kind: 'http', message: 'must be https, as ALLOW_LOOPBACK_HTTP is not set' }
  }
  return null
}

/**
 * Checks a configured URL again when a CRM session opens, because secrets are sent to it.
 * @param path of the URL in the connection file. @throws AppError `http_not_allowed`, not retryable.
 */
export function requireSecureUrl(text: string, path: string, allowLoopbackHttp: boolean): void {
  const fault = checkUrl(text, allowLoopbackHttp)
  if (fault !== null) {
    throw new AppError('http_not_allowed', `This address ${fault.message}.`, { path })
  }
}

/** The longest part of a path that is shown. */
const MAX_SHOWN = 80

/**
 * Scheme, host and path of a faulty URL, for messages. User, password, query and fragment are never shown, nor a path
 * with an `@`, which may hold the first two. Of what is no URL, only its kind and size.
 */
export function describeUrl(value: unknown): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    return describeShape(value)
  }
  const { protocol, host, pathname, search, hash } = new URL(value)
  if (host === '') {
    return `${protocol}…`
  }
  const isOpen = !/@|%40/i.test(value)
  const path = pathname === '/' || !isOpen ? '' : pathname.slice(0, MAX_SHOWN)
  const isCut = !isOpen || pathname.length > MAX_SHOWN || search !== '' || hash !== ''
  return `${protocol}//${host}${path}${isCut ? '…' : ''}`
}

/**
 * The hosts to which a connection file may send secrets and personal data: the CRM's known hosts and those that the
 * operator allows.
 */
export interface AllowedHosts {
  /** From CONNECTION_HOSTS: `crm.fjord.no`, or `*.fjord.no` for any host below it. */
  readonly byOperator: readonly string[]
  /** This machine, for trials and tests. */
  readonly loopback: boolean
}

export const HOST_PATTERN = /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/

/** Whether a URL has one of the hosts. @param known the CRM's hosts, in the same form as the operator's. */
export function isAllowedHost(
  address: string,
  known: readonly string[],
  { byOperator, loopback }: AllowedHosts,
): boolean {
  const url = new URL(address)
  const host = url.hostname.toLowerCase()
  const fits = (pattern: string) =>
    pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern
  return (loopback && isLoopback(url)) || [...known, ...byOperator].some(fits)
}
