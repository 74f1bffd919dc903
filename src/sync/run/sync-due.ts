import { halvesOf } from '../../domain/lists.js'
import { deferDue, selectDueRange, type DueRange } from '../../ledger/address/addresses.js'
import { eachOverlapping } from '../mirror/one-ahead.js'
import { nextTick } from '../../ledger/db/database.js'
import { syncAndCreateMissing } from './create-missing.js'
import { type BatchOptions, addCounts, emptyCounts, type SyncCounts } from '../pass/batch.js'
import { MAX_BATCH } from '../pass/batch-pass.js'
import type { SyncSession } from '../../connection/session.js'

export interface SyncedDue {
  readonly counts: SyncCounts
  /** Where to continue. null: everything that was due at the start has been processed. */
  readonly next: DueRange | null
}

/**
 * Syncs what is due in batches, oldest change first, each address once. Two batches are in progress at a time: while one
 * waits for an answer, the other reads, decides and stores. Each has its own leases. Addresses that are not settled,
 * wait for the end of the run or became due meanwhile are not tried again here.
 *
 * @param options `range`: where an earlier call stopped, or null for everything due now. `maxBatches`: the largest
 *   number of batches in one call.
 */
export async function syncDue(
  session: SyncSession,
  options: BatchOptions & { readonly maxBatches: number; readonly range: DueRange | null },
): Promise<SyncedDue> {
  const { db, connection } = session
  let counts = emptyCounts()
  let next: DueRange | null = options.range ?? { upTo: await nextTick(db), after: null }
  async function* batches() {
    for (let taken = 0; taken < options.maxBatches && next !== null; taken += 1) {
      const due = await selectDueRange(db, connection.connectionId, next, MAX_BATCH)
      next = due.length < MAX_BATCH ? null : { upTo: next.upTo, after: due.at(-1)! }
      if (due.length > 0) {
        yield due.map(({ addressId }) => addressId)
      }
    }
  }
  await eachOverlapping(batches(), async (ids) => {
    const done = await bisectOnRefusal(session, ids, options)
    counts = addCounts(counts, done)
    session.heartbeat({ done: counts.addresses, total: null })
    return true
  })
  return { counts, next }
}

/**
 * Syncs addresses. After a permanent refusal it halves the batch until a single address is left, and defers that one,
 * so that it does not block the others.
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

/** Errors after which the batch is halved. Halving also helps if an answer is too large. */
const PERMANENT_REFUSALS = [
  'upstream_refused',
  'upstream_unexpected_answer',
  'upstream_answer_too_large',
]

function isPermanentRefusal(error: unknown): boolean {
  return PERMANENT_REFUSALS.includes((error as { code?: string }).code ?? '')
}
