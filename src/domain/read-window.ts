/** When a reading took place: each of its values held at some moment between two ticks of the ledger. */
export interface ReadWindow {
  readonly from: number
  readonly to: number
}

/**
 * The order of a reading and a stored reading that differs from it. Versions are compared for equality only; ticks give
 * the order: a reading that began after the stored one ended is newer, one that ended before it began is older, and of
 * two that overlap the order is unknown.
 */
export function orderOf(stored: ReadWindow, read: ReadWindow): 'newer' | 'older' | 'overlapping' {
  if (read.from > stored.to) {
    return 'newer'
  }
  return read.to < stored.from ? 'older' : 'overlapping'
}
