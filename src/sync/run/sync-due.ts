import { halvesOf } from '../../domain/lists.js'
import { deferDue, selectDueRange, type DueRange } from '../../ledger/address/addresses.js'
import { nextTick } from '../../ledger/db/database.js'
import { syncAndCreateMissing } from './create-missing.js'
import { type BatchOptions, addCounts, emptyCounts, type SyncCounts } from '../pass/batch.js'
import { MAX_BATCH } from '../pass/batch-pass.js'
import type { SyncSession } from '../../connection/session.js'

/** What a stretch of due work came to. */
export interface SyncedDue {
  readonly counts: SyncCounts
  /** Where to go on; null: everything that was due when it began has been looked at. */
  readonly next: DueRange | null
}

/**
 * Works off what is due, in batches, oldest change first, each address once: what could not be settled, waits for the
 * end of the run, or became due meanwhile, is not tried in a circle.
 *
 * @param range where an earlier stretch stopped, or null for everything that is due now.
 * @param maxBatches how much one call may do.
 */
export async function syncDue(
  session: SyncSession,
  options: BatchOptions & { readonly maxBatches: number; readonly range: DueRange | null },
): Promise<SyncedDue> {
  const { db, connection } = session
  let counts = emptyCounts()
  let range = options.range ?? { upTo: await nextTick(db), after: null }
  for (let batch = 0; batch < options.maxBatches; batch += 1) {
    const due = await selectDueRange(db, connection.connectionId, range, MAX_BATCH)
    if (due.length === 0) {
      return { counts, next: null }
    }
    counts = addCounts(
      counts,
      await bisectOnRefusal(
        session,
        due.map((d) => d.addressId),
        options,
      ),
    )
    range = { upTo: range.upTo, after: due.at(-1)! }
    session.heartbeat({ done: counts.addresses, total: null })
  }
  return { counts, next: range }
}

/**
 * Syncs addresses so that one that a system will not take (a permanent refusal) does not keep the others from it: the
 * batch is halved until it stands alone, and put off.
 */
async function bisectOnRefusal(
  session: SyncSession,
  ids: readonly number[],
  options: BatchOptions,
): Promise<SyncCounts> {
  try {
    return await syncAndCreateMissing(session, ids, options)
  } catch (error) {
    if (!isPermanentRefusal(error)) {
      throw error
    }
    if (ids.length === 1) {
      await deferDue(session.db, ids)
      session.log.error({ err: error }, 'one contact is refused by a system; it is put off')
      return emptyCounts()
    }
    const [half, rest] = halvesOf(ids)
    return addCounts(
      await bisectOnRefusal(session, half, options),
      await bisectOnRefusal(session, rest, options),
    )
  }
}

/** An answer that is too large is one of what was asked for: half of it is asked for less. */
const PERMANENT_REFUSALS = [
  'upstream_refused',
  'upstream_unexpected_answer',
  'upstream_answer_too_large',
]

function isPermanentRefusal(error: unknown): boolean {
  return PERMANENT_REFUSALS.includes((error as { code?: string }).code ?? '')
}
