import { randomUUID } from 'node:crypto'
import type { Writes } from '../contracts/work-report.js'
import { saveSpent } from '../ledger/sendout/sendout-spent.js'
import type { SyncSession } from '../connection/session.js'

const EVERY_MS = 2_500
const NO_WRITES: Writes = { emarketeer: 0, crm: 0 }

/**
 * Does a piece of a sendout's work, and keeps in the ledger what it spends while it goes on: who is cut off, or fails, has
 * no result to tell it in (G3). Of a sync that is not a sendout's nothing is kept.
 */
export async function keepingSpent<T>(session: SyncSession, work: () => Promise<T>): Promise<T> {
  const { db, run, call } = session
  if (run.trigger !== 'preSend') {
    return work()
  }
  const attemptId = randomUUID()
  let updated = NO_WRITES
  let last = Promise.resolve()
  const keep = () => {
    const { emarketeer, crm } = call.tally.totals()
    const spent = { requests: { emarketeer, crm }, updated }
    // One after the other; where the ledger is away the work itself says so.
    last = last
      .then(() => (emarketeer + crm === 0 ? undefined : saveSpent(db, run.runId, attemptId, spent)))
      .catch(() => undefined)
    return last
  }
  const timer = setInterval(() => void keep(), EVERY_MS)
  try {
    const result = await work()
    updated = (result as { readonly writes?: Writes } | undefined)?.writes ?? NO_WRITES
    return result
  } finally {
    clearInterval(timer)
    await keep()
  }
}
