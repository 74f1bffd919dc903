/** How large an answer may be. What is larger is refused by name and never parsed. */
export interface AnswerLimits {
  /** Bytes after decompression. */
  readonly bytes: number
  /** Values in one JSON text: texts, numbers, lists and objects, each counted. */
  readonly elements: number
}

const MIB = 1024 * 1024

/** One thing, told in a few fields: a token, an account, a webhook, what an error says. */
export const SMALL_ANSWER: AnswerLimits = { bytes: MIB, elements: 50_000 }

/** A page of at most 5,000 rows with a dozen columns each, or the definitions of a table. */
export const PAGE_ANSWER: AnswerLimits = { bytes: 16 * MIB, elements: 250_000 }

/** States of 1,000 contacts with up to a hundred subscriptions each, or the rows of a thousand records. */
export const BULK_ANSWER: AnswerLimits = { bytes: 48 * MIB, elements: 1_250_000 }

/** Entries of one list in an answer. No page of any of the systems is longer. */
export const MAX_ROWS = 5_000

/** Levels of lists and objects in one another. The deepest answer that is documented has eleven. */
export const MAX_DEPTH = 64
