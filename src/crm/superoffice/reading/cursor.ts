import { z } from 'zod'
import { CrmCursorExpired } from '../../crm.js'
import { parseCursor } from '../../cursor.js'
import { isPossible, type StampWatch } from './stamp-watch.js'

const ms = z.int().nonnegative()

const cursorSchema = z.object({
  /** The newest stamp read, Unix ms; 0: none. Never taken from a clock. */
  watermarkMs: ms,
  /** Where the next listing begins: everything before it has been delivered. */
  sinceMs: ms,
  /** Our clock at the end of the listing that moved the watermark. */
  movedAtMs: ms,
})

/** Where the next listing of changes starts. */
export type ChangeCursor = z.output<typeof cursorSchema>

/**
 * Least overlap of listings: servers with clocks of their own, long transactions, full seconds. A second delivery
 * changes nothing.
 */
const OVERLAP_MS = 5 * 60_000

/** Stamps are in full seconds, and a listing includes its first second. */
const SECOND_MS = 1_000

/** A listing of changes that ended. */
export interface EndedListing {
  readonly stamps: Pick<StampWatch, 'newestMs' | 'newestPastMs'>
  /** Our clock at its start. */
  readonly beganAtMs: number
  /** Its duration. */
  readonly tookMs: number
}

/**
 * The cursor after a listing. A listing goes by row id, so a row may be written behind it while rows with later stamps
 * are still to come: the next listing reaches back by the duration of this one. A stamp ahead of our clock moves only
 * the watermark: if it is a mistake of one row, today's rows must not be missed behind it. If nothing newer is found
 * long enough after the watermark moved, everything before it has been delivered; a quiet week then does not read the
 * same rows at every sweep.
 */
export function cursorAfter(before: ChangeCursor | null, listing: EndedListing): ChangeCursor {
  const { stamps, beganAtMs } = listing
  const tookMs = Math.ceil(listing.tookMs)
  const watermarkMs = Math.max(0, stamps.newestMs)
  const sinceMs = Math.max(0, stamps.newestPastMs - OVERLAP_MS - tookMs)
  if (before === null || watermarkMs > before.watermarkMs) {
    return { watermarkMs, sinceMs, movedAtMs: beganAtMs + tookMs }
  }
  const settled = beganAtMs >= Math.max(before.movedAtMs, watermarkMs) + OVERLAP_MS
  return { ...before, sinceMs: settled ? watermarkMs + SECOND_MS : sinceMs }
}

/** The opaque cursor that the sync stores. */
export function writeCursor(cursor: ChangeCursor): string {
  return JSON.stringify(cursor)
}

/**
 * Reads a stored cursor.
 * @param nowMs our clock. @throws CrmCursorExpired if it is not a cursor, or from an impossible time: a complete
 * listing corrects that.
 */
export function readCursor(text: string, nowMs: number): ChangeCursor {
  const cursor = parseCursor(cursorSchema, text)
  if (!isPossible(cursor.watermarkMs, nowMs)) {
    throw new CrmCursorExpired('the stored change cursor lies in the future: a clock was set back')
  }
  return cursor
}
