/**
 * What our own updates, as they are read back, teach about how a rich CRM counts writes (docs/reconciliation.md, "Stamps of
 * SuperOffice"). Pure.
 */

/** Whether an installation raises a row's version by exactly one at every write, as far as our writes have shown. */
export interface WriteCounting {
  readonly verdict: 'unknown' | 'proven' | 'disproved'
  /** Records of the last updates in a row that were read back as anything but our own write, one version on. */
  readonly oddRecordIds: readonly string[]
  /** After it was disproved: updates in a row that were read back as exactly ours. */
  readonly exactInARow: number
}

/** Nothing learned yet. */
export const NOTHING_LEARNED: WriteCounting = {
  verdict: 'unknown',
  oddRecordIds: [],
  exactInARow: 0,
}

/** So many odd ones in a row, on different records, disprove: by chance a user's write lies between ours and its reading. */
const ODD_TO_DISPROVE = 3

/** So many exact ones in a row prove again. */
const EXACT_TO_PROVE_AGAIN = 10

/** One update of ours as read back. */
export interface UpdateLesson {
  readonly recordId: string
  /** The version moved by exactly one, with us as the last writer, and our value stands there. */
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
