import type { SyncSession } from '../src/connection/session.js'
import type { Queryable } from '../src/ledger/db/database.js'
import { membersAt } from '../src/ledger/sendout/sendout-members.js'
import { findSendoutRun, type Verdict } from '../src/ledger/sendout/sendouts.js'
import { judgeMembers, judgePlain } from '../src/sync/sendout/gate/load-gate.js'

/** A member with two verdicts: by the ledger's statement, and by the gate with all facts. */
export interface Differing {
  readonly position: number
  readonly verdict: Verdict
  readonly gate: Verdict | undefined
}

/** The result of a comparison. */
export interface Compared {
  /** Number of members that the statement judged, and of those that it left to the gate. */
  readonly plain: number
  readonly others: number
  readonly differing: readonly Differing[]
}

/**
 * Judges all members of a run at one moment in both ways: by the ledger's statement, and by loading all facts.
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
