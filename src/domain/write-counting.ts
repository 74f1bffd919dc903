/**
 * Learns from read-backs of our updates how a rich CRM counts writes (docs/reconciliation.md, "Stamps of SuperOffice").
 * Pure.
 */

/** Whether an installation raises a row's version by one per write, according to our own writes. */
export interface WriteCounting {
  readonly verdict: 'unknown' | 'proven' | 'disproved'
  /** Records of the latest consecutive updates whose read-back was not exactly our write. */
  readonly oddRecordIds: readonly string[]
  /** After a disproof: the number of consecutive updates with an exact read-back. */
  readonly exactInARow: number
}

export const NOTHING_LEARNED: WriteCounting = {
  verdict: 'unknown',
  oddRecordIds: [],
  exactInARow: 0,
}

/**
 * The number of consecutive odd updates, on different records, that disprove. A single one proves nothing, because a
 * user's write may happen to fall between ours and its read-back.
 */
const ODD_TO_DISPROVE = 3

/** The number of consecutive exact updates that prove it again. */
const EXACT_TO_PROVE_AGAIN = 10

/** One update and its read-back. */
export interface UpdateLesson {
  readonly recordId: string
  /** The version rose by one, we are the last writer, and our value is there. */
  readonly exact: boolean
}

/** What is known after one more update. */
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
