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

/** Scheme and host of an address, the rest left out; for showing a faulty one. */
export function describeUrl(value: unknown): string | null {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    return null
  }
  const url = new URL(value)
  return url.host === '' ? `${url.protocol}…` : `${url.protocol}//${url.host}`
}
