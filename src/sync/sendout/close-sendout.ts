import type { PreSendResult } from '../../contracts/pre-send.js'
import type { ErrorCode } from '../../contracts/error-catalogue.js'
import { EXCLUSION_REASONS, type ExclusionReason } from '../../domain/exclusion-reason.js'
import { findConnection, type ConnectionRow } from '../../ledger/connection/connections.js'
import { hasUntoldAddress, hasUntoldContact } from '../../ledger/copy/crm-mirror-rows.js'
import type { Database, Queryable, Transaction } from '../../ledger/db/database.js'
import {
  countVerdicts,
  excludeDuplicates,
  revokeEligible,
} from '../../ledger/sendout/sendout-members.js'
import {
  spentOf,
  closeSendoutRun,
  hasNewerRun,
  lockSendoutRun,
  receiptOf,
  type SendoutRun,
} from '../../ledger/sendout/sendouts.js'
import type { FreshnessProof } from './prove-freshness.js'
import { isSuperseded } from './whose-sendout.js'

/** What the workflow adds to what is in the ledger. */
export interface SendoutClosing {
  readonly sendoutRunId: string
  readonly proof: FreshnessProof | null
  readonly onUnverified: 'exclude' | 'abort'
  /** It was aborted or cancelled: nobody is on a list. */
  readonly aborted: boolean
  /** Codes of what failed on the way. */
  readonly problems: readonly string[]
}

/** A CRM leaves a column out of its rows where our user may not read it. */
const COLUMN_UNTOLD: ErrorCode = 'crm_privilege_missing'
const CRM_CHANGED: ErrorCode = 'crm_changed'
/** Under another workflow id, as one id runs once at a time: what becomes of this run changes nothing of that one's list. */
const NEWER_RUN: ErrorCode = 'newer_run'

/** The result is the one of before its workflow was reset; what was checked since counts for nothing. */
const DECIDED_BEFORE: ErrorCode = 'decided_before'

/**
 * Closes a run: result for the campaign service (G3), receipt for the records (G6). Repeated, it says the same. In one
 * transaction: what is counted must be what is on the list, though a decision that was given up may still go on.
 *
 * @param workflowRunId which run of the workflow closes it: another one than before is one that was reset.
 */
export function closeSendout(
  db: Database,
  closing: SendoutClosing,
  workflowRunId: string | null = null,
): Promise<PreSendResult> {
  return db.transaction((tx) => close(tx, closing, workflowRunId))
}

async function close(
  db: Transaction,
  closing: SendoutClosing,
  workflowRunId: string | null,
): Promise<PreSendResult> {
  const run = await lockSendoutRun(db, closing.sendoutRunId)
  // A workflow that was reset repeats its steps: one that is aborted this time leaves no list of the time before.
  if (run.result && !(closing.aborted && run.result.outcome === 'decided')) {
    const { workflowRunId: closedBy } = (await receiptOf(db, run.sendoutRunId)) ?? {}
    return typeof closedBy === 'string' && closedBy !== workflowRunId
      ? { ...run.result, problems: [...run.result.problems, DECIDED_BEFORE] }
      : run.result
  }
  // Decided or not, nobody is mailed twice.
  await excludeDuplicates(db, run.sendoutRunId, run.channel ?? 'email')
  // Nobody is verified by a CRM that the account has no longer.
  const superseded = await isSuperseded(db, run)
  if (superseded) {
    await revokeEligible(db, run.sendoutRunId)
  }
  let counts = await countVerdicts(db, run.sendoutRunId)
  const unverified = counts.get('notVerified') ?? 0
  const connection = await findConnection(db, run.connectionId)
  const untold =
    (await hasUntoldAddress(db, run.connectionId, run.transactional === true)) ||
    (await hidesAnswer(db, run, connection))
  // Without an audience nothing was verified, however few were targeted; what nobody's address is known of may be anybody's.
  const incomplete = unverified > 0 || run.channel === null || untold || superseded
  const aborted = closing.aborted || (incomplete && closing.onUnverified === 'abort')
  if (aborted) {
    await revokeEligible(db, run.sendoutRunId)
    counts = await countVerdicts(db, run.sendoutRunId)
  }
  const { requests, updated } = await spentOf(db, run.sendoutRunId)
  const eligible = counts.get('eligible') ?? 0
  const found = [
    ...(untold ? [COLUMN_UNTOLD] : []),
    ...(superseded ? [CRM_CHANGED] : []),
    ...((await hasNewerRun(db, run)) ? [NEWER_RUN] : []),
  ]
  const problems = [...new Set([...closing.problems, ...found])]
  const result: PreSendResult = {
    sendoutId: run.sendoutId,
    stage: run.stage,
    outcome: aborted ? 'aborted' : 'decided',
    crm: run.crm,
    channel: run.channel ?? 'email',
    // Everything that counts as verified was read, or proven, after this moment.
    verifiedAsOf: unverified < run.targeted ? (run.askedAt?.toISOString() ?? null) : null,
    complete: !aborted && !incomplete,
    targeted: run.targeted,
    eligible,
    excluded: Object.fromEntries(
      EXCLUSION_REASONS.map((reason) => [reason, counts.get(reason) ?? 0]),
    ) as Record<ExclusionReason, number>,
    updated,
    requests,
    problems,
    mailingList: aborted || run.stage === 'checklist' ? null : run.sendoutId,
  }
  await closeSendoutRun(db, run.sendoutRunId, result, {
    proof: closing.proof,
    askedAt: run.askedAt,
    emarketeerProvenAt: connection?.emarketeerProvenAt ?? null,
    crmProvenAt: connection?.crmProvenAt ?? null,
    excluded: result.excluded,
    requests,
    problems,
    workflowRunId,
  })
  return result
}

/** Whether a row of the sendout's category is there that may be of anybody. */
async function hidesAnswer(
  db: Queryable,
  { connectionId, categoryId, transactional }: SendoutRun,
  connection: ConnectionRow | null,
): Promise<boolean> {
  const asks = categoryId !== null && transactional !== true && connection?.subscriptionSync
  return asks ? hasUntoldContact(db, connectionId, categoryId) : false
}
