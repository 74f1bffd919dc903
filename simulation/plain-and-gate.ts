import type { SyncSession } from '../src/connection/session.js'
import type { Queryable } from '../src/ledger/db/database.js'
import { membersAt } from '../src/ledger/sendout/sendout-members.js'
import { findSendoutRun, type Verdict } from '../src/ledger/sendout/sendouts.js'
import { judgeMembers, judgePlain } from '../src/sync/sendout/gate/load-gate.js'

/** What the statement said of a member, and what the gate says that loads everything. */
export interface Differing {
  readonly position: number
  readonly verdict: Verdict
  readonly gate: Verdict | undefined
}

/** What was compared. */
export interface Compared {
  /** Members of whom the statement spoke, and those about whom it asks. */
  readonly plain: number
  readonly others: number
  readonly differing: readonly Differing[]
}

/**
 * Judges everybody of a run at one moment in both ways: where the data is, and by loading everything.
 * @param tx a snapshot, or a transaction in which nothing else happens.
 */
export async function comparePlain(
  tx: Queryable,
  session: Pick<SyncSession, 'connection' | 'crm' | 'log'>,
  sendoutRunId: string,
  mustBeFresh: boolean,
): Promise<Compared> {
  const run = (await findSendoutRun(tx, sendoutRunId))!
  const selection = { sendoutRunId, from: 0, limit: 1_000, eligibleOnly: false }
  const { verdicts, others } = await judgePlain(tx, session, run, selection, { mustBeFresh })
  const spokenOf = verdicts.map(({ position }) => position)
  const members = await membersAt(tx, sendoutRunId, spokenOf)
  const judged = await judgeMembers(tx, session, run, members, { mustBeFresh })
  const gateOf = new Map(judged.map(({ position, verdict }) => [position, verdict]))
  return {
    plain: verdicts.length,
    others: others.length,
    differing: verdicts
      .map((one) => ({ ...one, gate: gateOf.get(one.position) }))
      .filter(({ verdict, gate }) => verdict !== gate),
  }
}
