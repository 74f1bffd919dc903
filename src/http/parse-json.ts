import { storableText } from '../domain/storable-text.js'

/** Size limits of an answer. A larger one is refused with its own code and is never parsed. */
export interface AnswerLimits {
  /** Bytes after decompression. */
  readonly bytes: number
  /** Values in one JSON text: each text, number, list and object counts. */
  readonly elements: number
}

const MIB = 1024 * 1024

/** One item with a few fields: a token, an account, a webhook, an error body. */
export const SMALL_ANSWER: AnswerLimits = { bytes: MIB, elements: 50_000 }

/** A page of at most 5,000 rows with a dozen columns each, or the definitions of a table. */
export const PAGE_ANSWER: AnswerLimits = { bytes: 16 * MIB, elements: 250_000 }

/** States of 1,000 contacts with up to a hundred subscriptions each, or the rows of a thousand records. */
export const BULK_ANSWER: AnswerLimits = { bytes: 48 * MIB, elements: 1_250_000 }

/** Entries of one list in an answer. No system has a longer page. */
export const MAX_ROWS = 5_000

/** Nesting levels of lists and objects. The deepest documented answer has eleven. */
const MAX_DEPTH = 64

/** A parsed text, or the limit that it exceeds. `reason` contains nothing of the text. */
type ParsedJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly tooLarge: boolean; readonly reason: string }

/**
 * Marks a text that must be checked after parsing: escapes that cannot be stored, and a key that could be taken for a
 * prototype.
 */
const SUSPECT = /\\u(?:0000|d[89a-f]|005f)|__proto__/i

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPENING_BRACKET = 0x5b
const OPENING_BRACE = 0x7b
const CLOSING_BRACKET = 0x5d
const CLOSING_BRACE = 0x7d

/**
 * The only parser of JSON from outside, for answers and events. It counts before it parses, so that a small compressed
 * text cannot block the process. The database can store its result (texts and keys pass `storableText`), and no key is
 * `__proto__`.
 * @param maxElements see `AnswerLimits`. @returns never throws.
 */
export function parseJson(text: string, maxElements: number): ParsedJson {
  const excess = excessOf(text, maxElements)
  if (excess !== null) {
    return { ok: false, tooLarge: true, reason: excess }
  }
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    return { ok: true, value: SUSPECT.test(text) ? storable(value) : value }
  } catch {
    return { ok: false, tooLarge: false, reason: 'the answer is not valid JSON' }
  }
}

/** As {@link parseJson}, but undefined for any failure. */
export function jsonOrUndefined(text: string, maxElements: number): unknown {
  const parsed = parseJson(text, maxElements)
  return parsed.ok ? parsed.value : undefined
}

/** Counts values and levels outside of texts, without parsing; null: within the limits. */
function excessOf(text: string, maxElements: number): string | null {
  let elements = 1
  let depth = 0
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfText(text, at)
    } else if (code === COMMA) {
      elements += 1
    } else if (code === OPENING_BRACKET || code === OPENING_BRACE) {
      depth += 1
      elements += 1
    } else if (code === CLOSING_BRACKET || code === CLOSING_BRACE) {
      depth -= 1
    }
    if (elements > maxElements) {
      return `the answer holds more than ${maxElements} values`
    }
    if (depth > MAX_DEPTH) {
      return `the answer is nested deeper than ${MAX_DEPTH} levels`
    }
  }
  return null
}

/** The end of the text that begins at a quote. */
function endOfText(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      return at
    }
    if (code === BACKSLASH) {
      at += 1
    }
  }
  return text.length
}

/** Recurses at most `MAX_DEPTH` levels. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') {
    return storableText(value)
  }
  if (Array.isArray(value)) {
    return value.map(storable)
  }
  if (typeof value !== 'object' || value === null) {
    return value
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '__proto__')
      .map(([key, one]) => [storableText(key), storable(one)]),
  )
}
