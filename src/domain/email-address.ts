import { toASCII, toUnicode } from 'tr46'

/**
 * E-mail addresses as the unit of consent (rule A; docs/rules.md, "Addresses").
 *
 * The *key* of an address is the form in which it is compared and stored, for both systems, files, requests and the
 * command line: an opt-out recorded under any spelling meets the same cell.
 */

/**
 * Version of {@link addressKey}. Raise it with every change of what any text's key is: keys are stored, so a ledger of
 * another version is dropped and everything synced anew (`lbsync migrate` refuses it).
 */
export const ADDRESS_KEY_VERSION = 2

/** What a field of a record that is meant for an address holds. */
export interface AddressField {
  /** The key of the one address in it; null: it is empty, or it links nobody. */
  readonly key: string | null
  /**
   * Where it holds several addresses, or a decorated one (`a@x; b@x`, `Anna <a@x>`, `mailto:a@x`, `'a@x'`, `a@x.`): the
   * keys of all that are found in it. A deny of the record counts for each of them, never an allow.
   */
  readonly found: readonly string[]
  /** Whether it holds something, but no address that could link anybody. */
  readonly unusable: boolean
}

/** Characters that eMarketeer does not take in an address; controls, unseen signs, and U+FFFD for what could not be kept. */
const REFUSED_CHARACTERS = /[!#$%*/?^`{|}~\\\p{C}\uFFFD]/u

/** The longest address Dynamics holds (emailaddress1). */
const MAX_LENGTH_CHARACTERS = 100

/** Nothing longer is an address: 64 before the sign, 255 after it (RFC 5321, 4.5.3.1). */
const MAX_KEY_CHARACTERS = 320

/** What is read of a field. Those of Dynamics have 100 characters, of SuperOffice 255, of eMarketeer 254. */
const MAX_FIELD_CHARACTERS = 2_000

/** What may be an address in it; making a key of each takes its time, and a page has thousands of fields. */
const MAX_ADDRESSES = 100

/** What an index of the database takes, with room to spare. */
const MAX_TEXT_BYTES = 1_900

const EMPTY: AddressField = { key: null, found: [], unusable: false }

/** Nearly every address: its lower case is its key. A sendout makes millions of keys. */
const USUAL = /^[a-z0-9][a-z0-9._+-]{0,99}@(?!.*xn--)[a-z0-9.-]{0,99}[a-z0-9]$/i

/** Reads a field that is meant for an address. Pure, and the same for whatever decorates it (rule A). */
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
 * What eMarketeer's state of a contact is kept under: the key of its address, or the text itself, folded, where it links
 * nobody. No such text is the key of an address.
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

/** A long text by the addresses that it names, as each of them counts; what is left out must not leave an address. */
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

/** At most that many in UTF-8. */
function bytesOf(text: string): number {
  return text.length + 2 * text.replace(/[\0-\x7f]/g, '').length
}

/** How systems that compare texts may hold the address of a key: as it is, and with its domain in Unicode. */
export function spellingsOf(key: string): readonly string[] {
  const at = key.lastIndexOf('@')
  const inUnicode = `${key.slice(0, at + 1)}${toUnicodeDomain(key.slice(at + 1))}`
  return inUnicode === key ? [key] : [key, inUnicode]
}

/** Whether the address of a key can be mailed at all (exclusion reason `addressInvalid`). */
export function isValidEmail(key: string): boolean {
  if (key.length > MAX_LENGTH_CHARACTERS || REFUSED_CHARACTERS.test(key)) {
    return false
  }
  return /^[^\s@<>()[\],;:"]+@[^\s@<>()[\],;:".]+(\.[^\s@<>()[\],;:".]+)+$/.test(key)
}

/** The key of a folded text that holds one address and nothing else; null where it does not. */
function keyOf(folded: string): string | null {
  const at = folded.indexOf('@')
  const domain = toAsciiDomain(folded.slice(at + 1))
  const key = `${folded.slice(0, at)}@${domain}`
  const isWhole = at > 0 && domain !== '' && key.indexOf('@', at + 1) === -1 && !isDecorated(key)
  return isWhole && key.length <= MAX_KEY_CHARACTERS ? key : null
}

/** The text of address fields: what does not tell addresses apart, and what stands around and between them. */

/** Never seen, so never part of what somebody typed: zero-width spaces and joiners, soft hyphens, direction marks, BOM. */
const INVISIBLE = /\p{Cf}/gu

/** Half of a character; the database would store another one in its place. */
const LONE_SURROGATE = /\p{Surrogate}/gu

/** Line breaks and the like; the database stores no NUL at all. */
const CONTROL = /\p{Cc}/gu

/** White space of any kind, no-break space included. */
const BLANK = /\p{White_Space}+/gu

/** Never inside an address: blanks, brackets, quotes, lists; their wide forms, as East Asian keyboards type them. */
const SEPARATOR = /[\p{White_Space}<>()[\],;:"\\|“”„‟«»‹›，；、：＜＞（）｜]/u

/** Quotes and dots around an address: `'a@x'`, `a@x.`. Inside they may belong to it (`o'brien@x`). */
const WRAPPING = /^['‘’‚‛`´.]+|['‘’‚‛`´.…。．｡]+$/gu

/** What no domain holds among ASCII: there it ends (`a@x?subject=hi`). */
const NOT_IN_DOMAIN = /[^a-z0-9._\-\u0080-\u{10ffff}]/u

/** May stand between two addresses without a blank, and inside one as well: `a@x-b@x`, `a@x—b@x`, `a@x|b@x`. */
const BETWEEN = /[^\p{L}\p{M}\p{N}@.]/u

/** Signs for @ that input methods make. */
const WIDE_AT = /[＠﹫]/gu

/** Without what never tells two people apart: invisible characters, outer blanks, Unicode's forms, case. */
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

/** Whether a folded text holds more than an address: separators, wrapping, or what no domain holds. */
function isDecorated(folded: string): boolean {
  const domain = folded.slice(folded.indexOf('@') + 1)
  return SEPARATOR.test(folded) || unwrapped(folded) !== folded || NOT_IN_DOMAIN.test(domain)
}

/** What in a folded text may be an address, each by itself. Rather too many than too few: only denies count for them. */
function splitAddresses(folded: string): readonly string[] {
  const text = folded.replace(WIDE_AT, '@')
  // Of one alone, blanks may stand around its very sign: `a @ x`.
  const texts = countOf(text, '@') === 1 ? [text, text.replace(BLANK, '')] : [text]
  const parts = texts
    .flatMap((one) => one.split(SEPARATOR))
    .flatMap((part) => (countOf(part, '@') > 1 ? part.split(/[/&]/) : [part]))
    .flatMap((part) => [part, ...(countOf(part, '@') > 1 ? part.split(BETWEEN) : [])])
    .flatMap(pairs)
  // A sign with nothing on one side of it is no address.
  return parts.filter((part) => !/^@|@$/.test(part))
}

function countOf(text: string, sign: string): number {
  return text.split(sign).length - 1
}

/** Each @ with what stands before and after it: one pair, but where nothing separates two addresses. */
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
function toAsciiDomain(domain: string): string {
  return PLAIN.test(domain) ? domain : (toASCII(toUnicodeDomain(domain), OPTIONS) ?? domain)
}

/** The domain as people read it; what the standard refuses stays as it is. */
function toUnicodeDomain(domain: string): string {
  if (PLAIN.test(domain)) {
    return domain
  }
  const decoded = toUnicode(domain, OPTIONS)
  return decoded.error ? domain : decoded.domain.replace(/\p{Cf}/gu, '')
}
