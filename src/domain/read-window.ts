/** When a reading took place: every value in it held at some moment between the two ticks of the ledger. */
export interface ReadWindow {
  readonly from: number
  readonly to: number
}

/**
 * How a reading stands to the stored one that differs from it. Versions are compared for equality only; order comes from
 * the ticks: a reading that began after the stored one ended is newer, one that ended before it began is older, and of two
 * that overlap nobody can tell.
 */
export function orderOf(stored: ReadWindow, read: ReadWindow): 'newer' | 'older' | 'overlapping' {
  if (read.from > stored.to) {
    return 'newer'
  }
  return read.to < stored.from ? 'older' : 'overlapping'
}
