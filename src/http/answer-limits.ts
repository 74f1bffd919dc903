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
export const MAX_DEPTH = 64
