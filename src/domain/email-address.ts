import { toASCII, toUnicode } from 'tr46'

/**
 * E-mail addresses as the unit of consent (rule A; docs/rules.md, "Addresses").
 *
 * The *key* of an address is the form that is compared and stored, for both systems, files, requests and the command
 * line: an opt-out under any spelling meets the same cell.
 */

/**
 * Version of {@link addressKey}. Raise it with every change to any text's key. Keys are stored, so a ledger of another
 * version is dropped and everything is synced again (`lbsync migrate` refuses it).
 */
export const ADDRESS_KEY_VERSION = 2

/** Content of an address field. */
export interface AddressField {
  /** The key of its one address; null: it is empty, or links nobody. */
  readonly key: string | null
  /**
   * The keys of all addresses in a field with several or decorated ones (`a@x; b@x`, `Anna <a@x>`, `mailto:a@x`,
   * `'a@x'`, `a@x.`). A deny of the record counts for each, an allow for none.
   */
  readonly found: readonly string[]
  /** Whether it holds something that links nobody. */
  readonly unusable: boolean
}

/** Characters that eMarketeer refuses in an address: controls, invisible ones, and U+FFFD for replaced ones. */
const REFUSED_CHARACTERS = /[!#$%*/?^`{|}~\\\p{C}\uFFFD]/u

/** The longest address Dynamics holds (emailaddress1). */
const MAX_LENGTH_CHARACTERS = 100

/** The longest possible address: 64 characters before the @ and 255 after it (RFC 5321, 4.5.3.1). */
const MAX_KEY_CHARACTERS = 320

/** Most characters read of a field. Fields have 100 in Dynamics, 255 in SuperOffice, 254 in eMarketeer. */
const MAX_FIELD_CHARACTERS = 2_000

/** Most addresses read of a field: computing keys takes time, and a page has thousands of fields. */
const MAX_ADDRESSES = 100

/** Longest text that is stored. It fits an index of the database with room to spare. */
const MAX_TEXT_BYTES = 1_900

const EMPTY: AddressField = { key: null, found: [], unusable: false }

/**
 * Matches nearly every address, and only those whose key is their lower case. This shortcut matters because a sendout
 * computes millions of keys.
 */
const USUAL = /^[a-z0-9][a-z0-9._+-]{0,99}@(?!.*xn--)[a-z0-9.-]{0,99}[a-z0-9]$/i

/** Reads an address field, with any decoration around the address (rule A). Pure. */
export function readAddressField(text: string | null | undefined): AddressField {
  if (text && USUAL.test(text)) {
    return { key: text.toLowerCase(), found: [], unusable: false }
  }
  const folded = foldAddress((text ?? '').trim().slice(0, MAX_FIELD_CHARACTERS))
  if (folded === '') {
    return EMPTY
  }
  const found = splitAddresses(folded)
    .slice(0, MAX_ADDRESSES)
    .flatMap((part) => keyOf(part) ?? [])
  const key = isDecorated(folded) ? null : keyOf(folded)
  return key === null
    ? { key, found: [...new Set(found)], unusable: true }
    : { key, found: [], unusable: false }
}

/**
 * The form in which an address is compared: no invisible characters, no outer white space, Unicode form C, lower case,
 * the domain in ASCII form (UTS 46).
 *
 * @returns null for null, undefined and blank input, and for what is not exactly one address.
 */
export function addressKey(text: string | null | undefined): string | null {
  return readAddressField(text).key
}

/**
 * The text under which a contact's state in eMarketeer is stored: the key of its address, or the folded text if it
 * links nobody. No such text equals a key.
 *
 * @returns null for null and blank input.
 */
export function addressOrText(text: string | null | undefined): string | null {
  const { key, unusable } = readAddressField(text)
  if (!unusable) {
    return key
  }
  const folded = foldAddress((text ?? '').trim().slice(0, MAX_FIELD_CHARACTERS))
  return folded.length <= MAX_KEY_CHARACTERS ? folded : shortened(folded)
}

/** Shortens a long text to the addresses that it names, so that no address is cut in half. */
function shortened(folded: string): string {
  const { found } = readAddressField(folded)
  let kept = ''
  for (const key of found) {
    const longer = kept === '' ? key : `${kept}; ${key}`
    if (bytesOf(longer) > MAX_TEXT_BYTES) {
      break
    }
    kept = longer
  }
  return `${kept === '' ? folded.slice(0, MAX_KEY_CHARACTERS) : kept}…`
}

/** Upper bound of its bytes in UTF-8. */
function bytesOf(text: string): number {
  return text.length + 2 * text.replace(/[\0-\x7f]/g, '').length
}

/**
 * The spellings by which a system that compares texts finds a key: the key itself, and the key with its domain in
 * Unicode.
 */
export function spellingsOf(key: string): readonly string[] {
  const at = key.lastIndexOf('@')
  const inUnicode = `${key.slice(0, at + 1)}${toUnicodeDomain(key.slice(at + 1))}`
  return inUnicode === key ? [key] : [key, inUnicode]
}

/** Whether the key can be mailed (exclusion reason `addressInvalid`). */
export function isValidEmail(key: string): boolean {
  if (key.length > MAX_LENGTH_CHARACTERS || REFUSED_CHARACTERS.test(key)) {
    return false
  }
  return /^[^\s@<>()[\],;:"]+@[^\s@<>()[\],;:".]+(\.[^\s@<>()[\],;:".]+)+$/.test(key)
}

/** The key of a folded text with exactly one address; else null. */
function keyOf(folded: string): string | null {
  const at = folded.indexOf('@')
  const domain = toAsciiDomain(folded.slice(at + 1))
  const key = `${folded.slice(0, at)}@${domain}`
  const isWhole = at > 0 && domain !== '' && key.indexOf('@', at + 1) === -1 && !isDecorated(key)
  return isWhole && key.length <= MAX_KEY_CHARACTERS ? key : null
}

/** Characters that never distinguish two addresses, and characters that stand around and between addresses. */

/** Invisible, so never typed on purpose: zero-width spaces and joiners, soft hyphens, direction marks, BOM. */
const INVISIBLE = /\p{Cf}/gu

/** Half a character; the database would store a different character. */
const LONE_SURROGATE = /\p{Surrogate}/gu

/** Line breaks and other controls; the database stores no NUL. */
const CONTROL = /\p{Cc}/gu

/** White space of any kind, no-break space included. */
const BLANK = /\p{White_Space}+/gu

/** Never inside an address: blanks, brackets, quotes, list separators, and their wide East Asian forms. */
const SEPARATOR = /[\p{White_Space}<>()[\],;:"\\|“”„‟«»‹›，；、：＜＞（）｜]/u

/** Quotes and dots around an address (`'a@x'`, `a@x.`). Inside they may belong to it (`o'brien@x`). */
const WRAPPING = /^['‘’‚‛`´.]+|['‘’‚‛`´.…。．｡]+$/gu

/** ASCII characters that no domain contains: the domain ends there (`a@x?subject=hi`). */
const NOT_IN_DOMAIN = /[^a-z0-9._\-\u0080-\u{10ffff}]/u

/** May separate addresses without a blank, but may also be part of one: `a@x-b@x`, `a@x—b@x`, `a@x|b@x`. */
const BETWEEN = /[^\p{L}\p{M}\p{N}@.]/u

/** Forms of @ that input methods produce. */
const WIDE_AT = /[＠﹫]/gu

/** Removes what never distinguishes two people: invisible characters, outer blanks, Unicode forms, case. */
function foldAddress(text: string): string {
  return text
    .replace(LONE_SURROGATE, '\uFFFD')
    .replace(INVISIBLE, '')
    .replace(CONTROL, ' ')
    .normalize('NFC')
    .toLowerCase()
    .normalize('NFC')
    .trim()
}

/** Whether a folded text holds more than an address. */
function isDecorated(folded: string): boolean {
  const domain = folded.slice(folded.indexOf('@') + 1)
  return SEPARATOR.test(folded) || unwrapped(folded) !== folded || NOT_IN_DOMAIN.test(domain)
}

/**
 * Parts of a folded text that may be addresses. It returns too many rather than too few, because only denies count for
 * them.
 */
function splitAddresses(folded: string): readonly string[] {
  const text = folded.replace(WIDE_AT, '@')
  // A single @ may have blanks around it: `a @ x`.
  const texts = countOf(text, '@') === 1 ? [text, text.replace(BLANK, '')] : [text]
  const parts = texts
    .flatMap((one) => one.split(SEPARATOR))
    .flatMap((part) => (countOf(part, '@') > 1 ? part.split(/[/&]/) : [part]))
    .flatMap((part) => [part, ...(countOf(part, '@') > 1 ? part.split(BETWEEN) : [])])
    .flatMap(pairs)
  // An @ without text on both sides is not an address.
  return parts.filter((part) => !/^@|@$/.test(part))
}

function countOf(text: string, sign: string): number {
  return text.split(sign).length - 1
}

/** Each @ with the text before and after it. */
function pairs(part: string): readonly string[] {
  const pieces = part.split('@')
  return pieces.slice(1).map((domain, index) => {
    const end = domain.search(NOT_IN_DOMAIN)
    return unwrapped(`${pieces[index]}@${end === -1 ? domain : domain.slice(0, end)}`)
  })
}

function unwrapped(text: string): string {
  return text.replace(WRAPPING, '')
}

/**
 * Domain names by Unicode's standard 46, as browsers and mail servers read them. A package with a fixed version does
 * this: the platform's tables change with Node, and the ASCII form is stored.
 */

/** The options that registries and browsers use: no transitional mapping, and no refusal of a name that may exist. */
const OPTIONS = { transitionalProcessing: false, useSTD3ASCIIRules: false } as const

/** Lower-case ASCII without an encoded label is its own ASCII form. */
const PLAIN = /^(?!.*xn--)[a-z0-9._-]*$/s

/**
 * The ASCII form of a lower-case domain without invisible characters. Encoded labels are decoded first, so that both
 * spellings give the same form. A domain that the standard refuses is returned unchanged.
 */
function toAsciiDomain(domain: string): string {
  return PLAIN.test(domain) ? domain : (toASCII(toUnicodeDomain(domain), OPTIONS) ?? domain)
}

/** The domain in Unicode. A domain that the standard refuses is returned unchanged. */
function toUnicodeDomain(domain: string): string {
  if (PLAIN.test(domain)) {
    return domain
  }
  const decoded = toUnicode(domain, OPTIONS)
  return decoded.error ? domain : decoded.domain.replace(/\p{Cf}/gu, '')
}
