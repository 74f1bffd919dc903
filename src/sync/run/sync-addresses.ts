import { setTimeout as sleep } from 'node:timers/promises'
import { chunksOf } from '../../domain/lists.js'
import { settleLoosenings } from '../../ledger/run/runs.js'
import { type BatchOptions, addCounts, emptyCounts, type SyncCounts } from '../pass/batch.js'
import { MAX_BATCH, runPass } from '../pass/batch-pass.js'
import type { SyncSession } from '../../connection/session.js'
import { assertMaySync } from '../../connection/permissions.js'

/** Most rounds after lost races; then the address waits for the next run. */
const MAX_ROUNDS = 5
/**
 * First and longest wait, ms, before checking again whether another pass still holds an address. Each wait is twice the
 * one before.
 */
const BUSY_WAIT_MS = { first: 20, longest: 200 } as const
/** Most waits, about ten seconds in all. An address that is held for longer is left to the next run. */
const MAX_BUSY_WAITS = 53

export interface SyncedAddresses {
  readonly counts: SyncCounts
  /** Addresses not settled after lost races or a long hold by another pass. They stay due. */
  readonly leftOver: readonly number[]
}

/**
 * Syncs addresses until each is settled. After a lost race or an inconsistent reading they are read directly and
 * decided again immediately.
 * @throws UpstreamError as {@link runPass} does.
 */
export async function syncAddresses(
  session: SyncSession,
  addressIds: readonly number[],
  options: BatchOptions,
): Promise<SyncedAddresses> {
  let counts = emptyCounts()
  const leftOver: number[] = []
  const first = isEnough(session, options.reading) ? options.reading : 'direct'
  const released = new Set<number>()
  let done = 0
  for (const part of chunksOf(addressIds, MAX_BATCH)) {
    let ids: readonly number[] = part
    let reading = first
    let waits = 0
    for (let round = 0; round < MAX_ROUNDS && ids.length > 0;) {
      const result = await runPass(session, ids, { ...options, reading, released })
      counts = addCounts(counts, result.counts)
      ids = [...result.again, ...result.busy]
      reading = 'direct'
      if (result.again.length > 0 || result.busy.length === 0) {
        round += 1
      } else if (waits++ >= MAX_BUSY_WAITS) {
        break
      } else {
        session.heartbeat({ done: 0, total: part.length })
        const { first: firstMs, longest } = BUSY_WAIT_MS
        const waitMs = Math.min(longest, firstMs * 2 ** Math.min(waits - 1, 10))
        await sleep(waitMs, undefined, { signal: session.call.signal })
      }
    }
    leftOver.push(...ids)
    done += part.length
    session.heartbeat({ done, total: addressIds.length })
  }
  return { counts, leftOver }
}

/** Whether this reading is sufficient for a decision. Only a complete delta proves who has an address (docs/sync.md). */
function isEnough(session: SyncSession, reading: BatchOptions['reading']): boolean {
  return reading === 'copy'
    ? session.crm?.capabilities.completeDelta !== false
    : !isReadUnderLease(session)
}

/**
 * Whether the CRM cannot refuse a stale write. Then it is read under the lease, as late as possible, because another pass
 * may have written since.
 */
export function isReadUnderLease({ crm }: SyncSession): boolean {
  return crm?.capabilities.refusesStaleWrites === false
}

/**
 * Settles a run's loosenings (rule F4). Up to the connection's limit of newly mailable contacts they are written, each
 * decided again on a direct reading; if there are more, all are held for one approval. A connection that withholds
 * loosening releases and holds nothing.
 */
export async function settleRun(
  session: SyncSession,
): Promise<{ counts: SyncCounts; held: number }> {
  const { db, run, connection } = session
  if ((await assertMaySync(db, session)).withholdsLoosening) {
    return { counts: emptyCounts(), held: 0 }
  }
  const { released, held } = await db.transaction((tx) =>
    settleLoosenings(tx, run.runId, connection.newlyMailableLimit),
  )
  if (held > 0) {
    session.log.warn(
      { connectionId: connection.connectionId, held },
      'more contacts would become mailable than the limit allows; they wait for one approval (lbsync held)',
    )
  }
  const { counts } = await syncAddresses(session, released, {
    reading: 'direct',
    loosening: 'apply',
  })
  return { counts, held }
}
