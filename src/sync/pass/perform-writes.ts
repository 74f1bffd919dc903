import { MAX_WRITE_ITEMS } from '../../emarketeer/index.js'
import type { EmarketeerProbe } from '../../ledger/copy/crm-times.js'
import type { ReadWindow } from '../../domain/read-window.js'
import { nextTick } from '../../ledger/db/ticks.js'
import { newIdempotencyKey, type CrmJob, type EmarketeerJob, type Jobs } from './write-jobs.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'

/** Calls made; every job has its outcome. `errors`: calls that failed as a whole, to be thrown when all is stored. */
export interface PerformedWrites {
  readonly window: ReadWindow
  readonly errors: readonly Error[]
  /** A write that eMarketeer applied, to be held against the time at which it says to have recorded it. */
  readonly probe: EmarketeerProbe | null
}

/**
 * Sends a group of writes, to both systems at once: neither side's tightening waits for the other. Nothing is thrown;
 * what failed is in the outcomes, so that what did succeed is stored first.
 */
export async function performWrites(session: SyncSession, jobs: Jobs): Promise<PerformedWrites> {
  const from = await nextTick(session.db)
  const ofEmarketeer: Error[] = []
  const ofCrm: Error[] = []
  const [probe] = await Promise.all([
    writeEmarketeer(session, jobs.emarketeer, ofEmarketeer),
    writeCrm(session, jobs.crm, ofCrm),
  ])
  return {
    window: { from, to: await nextTick(session.db) },
    errors: [...ofEmarketeer, ...ofCrm],
    probe,
  }
}

async function writeEmarketeer(
  session: SyncSession,
  jobs: readonly EmarketeerJob[],
  errors: Error[],
): Promise<EmarketeerProbe | null> {
  let probe: EmarketeerProbe | null = null
  for (let at = 0; at < jobs.length; at += MAX_WRITE_ITEMS) {
    const part = jobs.slice(at, at + MAX_WRITE_ITEMS)
    if (errors.length > 0) {
      part.forEach((job) => (job.result = { status: 'notSent' }))
      continue
    }
    const sentAtMs = Date.now()
    try {
      const { results } = await session.emarketeer.writeStates(
        {
          idempotencyKey: newIdempotencyKey(),
          source: requireCrm(session).source,
          items: part.map((job) => job.item),
        },
        session.call,
      )
      part.forEach((job, index) => (job.result = results[index] ?? { status: 'unknown' }))
      const changeId = results.flatMap((one) =>
        one.status === 'applied' ? (one.changeId ?? []) : [],
      )[0]
      probe = changeId ? { changeId, sentAtMs, answeredAtMs: Date.now() } : probe
    } catch (error) {
      const lost = (error as { mayHaveBeenApplied?: boolean }).mayHaveBeenApplied !== false
      part.forEach((job) => (job.result = { status: lost ? 'unknown' : 'notSent' }))
      errors.push(error as Error)
    }
  }
  return probe
}

async function writeCrm(
  session: SyncSession,
  jobs: readonly CrmJob[],
  errors: Error[],
): Promise<void> {
  if (jobs.length === 0) {
    return
  }
  try {
    const outcomes = await requireCrm(session).client.write(
      jobs.map((job) => job.write),
      session.call,
    )
    jobs.forEach((job, index) => {
      const outcome = outcomes[index] ?? { status: 'unknown', error: new Error('no outcome') }
      job.outcome = outcome
      if (outcome.status === 'unknown' || outcome.status === 'notSent') {
        errors.push(outcome.error)
      }
    })
  } catch (error) {
    jobs.forEach((job) => (job.outcome = { status: 'unknown', error: error as Error }))
    errors.push(error as Error)
  }
}
