import { AppError } from '../contracts/app-error.js'

/** What is wrong with an address, or null. `http` has a code of its own in connection files. */
export type UrlFault = { readonly kind: 'http' | 'invalid'; readonly message: string } | null

/** Names and addresses of this machine. `new URL` has brought every spelling of 127.0.0.1 into this form. */
const LOOPBACK = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/

/** Whether a URL's host is this machine. */
export function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname)
}

/**
 * Checks an address that secrets or consent travel to: https, or http on loopback under ALLOW_LOOPBACK_HTTP; no user
 * and password inside, for they would show in logs; no query and fragment, for paths are appended to it.
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
 * Checks a configured address once more where a session with a CRM opens: secrets go there.
 *
 * @param path of the address in the connection file. @throws AppError `http_not_allowed`, not retryable
 */
export function requireSecureUrl(text: string, path: string, allowLoopbackHttp: boolean): void {
  const fault = checkUrl(text, allowLoopbackHttp)
  if (fault !== null) {
    throw new AppError('http_not_allowed', `This address ${fault.message}.`, { path })
  }
}

/** Scheme and host of an address, the rest left out; for showing a faulty one. */
export function describeUrl(value: unknown): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    return null
  }
  const url = new URL(value)
  return url.host === '' ? `${url.protocol}…` : `${url.protocol}//${url.host}`
}

/** Where a connection file may send secrets and people to: hosts that a CRM is known by, and those that the operator allows. */
export interface AllowedHosts {
  /** From CONNECTION_HOSTS: `crm.fjord.no`, or `*.fjord.no` for any host below it. */
  readonly byOperator: readonly string[]
  /** This machine itself, for trying out and tests. */
  readonly loopback: boolean
}

/** A host in CONNECTION_HOSTS. */
export const HOST_PATTERN = /^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/

/** Whether an address is at one of some hosts. @param known by the CRM, in the same form as the operator's. */
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
