import { z } from 'zod'
import { CrmCursorExpired } from '../../crm.js'
import { isPossible, type StampWatch } from './stamp-watch.js'

const ms = z.int().nonnegative()

const cursorSchema = z.object({
  /** The newest stamp that was read, Unix ms; 0: none. Never taken from a clock. */
  watermarkMs: ms,
  /** Where the next listing begins: before it, everything has been delivered. */
  sinceMs: ms,
  /** Our clock when the listing that moved the watermark ended. */
  movedAtMs: ms,
})

/** Where the next listing of changes starts. */
export type ChangeCursor = z.output<typeof cursorSchema>

/**
 * How far a listing reaches back at least: several servers with clocks of their own, long transactions, whole seconds.
 * What it delivers twice changes nothing.
 */
const OVERLAP_MS = 5 * 60_000

/** Stamps have whole seconds, and a listing begins with the second that it is asked for. */
const SECOND_MS = 1_000

/** A listing of changes that ended. */
export interface EndedListing {
  readonly stamps: Pick<StampWatch, 'newestMs' | 'newestPastMs'>
  /** Our clock when it began. */
  readonly beganAtMs: number
  /** How long it took. */
  readonly tookMs: number
}

/**
 * The cursor after a listing. It goes through the rows by their id, so that one may be written behind its back while later
 * rows, with later stamps, are still to come: the next one reaches back by as long as this one took. A stamp ahead of our
 * clock moves the watermark, and nothing else: were it the mistake of a single row, today's would be missed behind it.
 * Where nothing newer was found, long enough after the watermark moved, everything before it has been delivered, and a
 * quiet week does not read the same rows at every sweep.
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

/** The one opaque cursor that the sync stores. */
export function writeCursor(cursor: ChangeCursor): string {
  return JSON.stringify(cursor)
}

/**
 * Reads a stored cursor.
 *
 * @param nowMs our clock. @throws CrmCursorExpired where it is none, or from a time that cannot have been yet: a new
 *   complete listing mends that.
 */
export function readCursor(text: string, nowMs: number): ChangeCursor {
  const parsed = cursorSchema.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new CrmCursorExpired('the stored change cursor cannot be read')
  }
  if (!isPossible(parsed.data.watermarkMs, nowMs)) {
    throw new CrmCursorExpired('the stored change cursor lies in the future: a clock was set back')
  }
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
