import { toASCII, toUnicode } from 'tr46'

/**
 * Domain names by Unicode's standard 46, as browsers and mail servers read them. By a package of fixed version and not by
 * the platform's own tables, which move with Node: the ASCII form is stored, and must stay what it is.
 */

/** As registries and browsers do today: no transitional mapping, and nothing refused that a name could yet hold. */
const OPTIONS = { transitionalProcessing: false, useSTD3ASCIIRules: false } as const

/** Lower-case ASCII without an encoded label is its own ASCII form. */
const PLAIN = /^(?!.*xn--)[a-z0-9._-]*$/s

/**
 * The ASCII form of a domain, lower case. A label that is encoded already is decoded first, so that what does not count
 * in the one spelling does not in the other. What the standard refuses stays as it is.
 *
 * @param domain lower case, without invisible characters.
 */
export function toAsciiDomain(domain: string): string {
  return PLAIN.test(domain) ? domain : (toASCII(toUnicodeDomain(domain), OPTIONS) ?? domain)
}

/** The domain as people read it; what the standard refuses stays as it is. */
export function toUnicodeDomain(domain: string): string {
  if (PLAIN.test(domain)) {
    return domain
  }
  const decoded = toUnicode(domain, OPTIONS)
  return decoded.error ? domain : decoded.domain.replace(/\p{Cf}/gu, '')
}
