import { chunksOf } from '../../domain/lists.js'
import { MAX_WRITE_ITEMS } from '../../emarketeer/index.js'
import type { EmarketeerProbe } from '../../ledger/copy/crm-times.js'
import type { ReadWindow } from '../../domain/read-window.js'
import { nextTick } from '../../ledger/db/database.js'
import {
  newIdempotencyKey,
  type CrmJob,
  type CrmWritten,
  type EmarketeerJob,
  type EmarketeerWritten,
  type Jobs,
  type Written,
} from './write-jobs.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'

/**
 * The results of the calls. `errors`: the errors of calls that failed altogether, to be thrown once everything is
 * stored.
 */
export interface PerformedWrites {
  readonly written: Written
  readonly window: ReadWindow
  readonly errors: readonly Error[]
  /** An applied write to eMarketeer, whose recording time the feed shows later. */
  readonly probe: EmarketeerProbe | null
}

/**
 * Sends a group of writes to both systems in parallel: neither side's tightening waits for the other. Failures are
 * returned in the outcomes and never thrown, so that successes are stored first.
 */
export async function performWrites(session: SyncSession, jobs: Jobs): Promise<PerformedWrites> {
  const from = await nextTick(session.db)
  const [emarketeer, crm] = await Promise.all([
    writeEmarketeer(session, jobs.emarketeer),
    writeCrm(session, jobs.crm),
  ])
  return {
    written: { emarketeer: emarketeer.written, crm: crm.written },
    window: { from, to: await nextTick(session.db) },
    errors: [...emarketeer.errors, ...crm.errors],
    probe: emarketeer.probe,
  }
}

async function writeEmarketeer(
  session: SyncSession,
  jobs: readonly EmarketeerJob[],
): Promise<{ written: EmarketeerWritten[]; errors: Error[]; probe: EmarketeerProbe | null }> {
  const written: EmarketeerWritten[] = []
  const errors: Error[] = []
  let probe: EmarketeerProbe | null = null
  for (const part of chunksOf(jobs, MAX_WRITE_ITEMS)) {
    if (errors.length > 0) {
      written.push(...part.map((job) => ({ ...job, result: { status: 'notSent' } as const })))
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
      written.push(
        ...part.map((job, index) => ({
          ...job,
          result: results[index] ?? ({ status: 'unknown' } as const),
        })),
      )
      const changeId = results.flatMap((one) =>
        one.status === 'applied' ? (one.changeId ?? []) : [],
      )[0]
      probe = changeId ? { changeId, sentAtMs, answeredAtMs: Date.now() } : probe
    } catch (error) {
      const lost = (error as { mayHaveBeenApplied?: boolean }).mayHaveBeenApplied !== false
      const result = { status: lost ? 'unknown' : 'notSent' } as const
      written.push(...part.map((job) => ({ ...job, result })))
      errors.push(error as Error)
    }
  }
  return { written, errors, probe }
}

async function writeCrm(
  session: SyncSession,
  jobs: readonly CrmJob[],
): Promise<{ written: CrmWritten[]; errors: Error[] }> {
  if (jobs.length === 0) {
    return { written: [], errors: [] }
  }
  try {
    const outcomes = await requireCrm(session).client.write(
      jobs.map((job) => job.write),
      session.call,
    )
    const written = jobs.map((job, index): CrmWritten => {
      const noOutcome = { status: 'unknown', error: new Error('no outcome') } as const
      return { ...job, outcome: outcomes[index] ?? noOutcome }
    })
    const errors = written.flatMap(({ outcome }) =>
      outcome.status === 'unknown' || outcome.status === 'notSent' ? [outcome.error] : [],
    )
    return { written, errors }
  } catch (error) {
    const outcome = { status: 'unknown', error: error as Error } as const
    return { written: jobs.map((job) => ({ ...job, outcome })), errors: [error as Error] }
  }
}
