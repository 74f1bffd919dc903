/**
 * Learns from read-backs of our updates how a rich CRM counts writes (docs/reconciliation.md, "Stamps of SuperOffice").
 * Pure.
 */

/** Whether an installation raises a row's version by one per write, as our writes have shown. */
export interface WriteCounting {
  readonly verdict: 'unknown' | 'proven' | 'disproved'
  /** Records of the last updates in a row whose read-back was not exactly ours. */
  readonly oddRecordIds: readonly string[]
  /** After a disproof: updates in a row with an exact read-back. */
  readonly exactInARow: number
}

export const NOTHING_LEARNED: WriteCounting = {
  verdict: 'unknown',
  oddRecordIds: [],
  exactInARow: 0,
}

/**
 * Odd updates in a row, on different records, that disprove: by chance a user's write lies between ours and its
 * read-back.
 */
const ODD_TO_DISPROVE = 3

/** Exact updates in a row that prove again. */
const EXACT_TO_PROVE_AGAIN = 10

/** One update and its read-back. */
export interface UpdateLesson {
  readonly recordId: string
  /** The version rose by one, we are the last writer, and our value is there. */
  readonly exact: boolean
}

/** The knowledge after one more update. */
export function learnFrom(counting: WriteCounting, lesson: UpdateLesson): WriteCounting {
  const { verdict, oddRecordIds, exactInARow } = counting
  if (lesson.exact) {
    if (verdict !== 'disproved') {
      return { verdict: 'proven', oddRecordIds: [], exactInARow: 0 }
    }
    return exactInARow + 1 < EXACT_TO_PROVE_AGAIN
      ? { verdict, oddRecordIds: [], exactInARow: exactInARow + 1 }
      : { verdict: 'proven', oddRecordIds: [], exactInARow: 0 }
  }
  if (verdict === 'disproved') {
    return { verdict, oddRecordIds: [], exactInARow: 0 }
  }
  const odd = [...new Set([...oddRecordIds, lesson.recordId])]
  return odd.length < ODD_TO_DISPROVE
    ? { verdict, oddRecordIds: odd, exactInARow: 0 }
    : { verdict: 'disproved', oddRecordIds: [], exactInARow: 0 }
}
