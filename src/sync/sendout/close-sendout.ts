import type { PreSendResult } from '../../contracts/pre-send.js'
import type { ErrorCode } from '../../contracts/error-catalogue.js'
import { EXCLUSION_REASONS, type ExclusionReason } from '../../domain/exclusion-reason.js'
import { findConnection, type ConnectionRow } from '../../ledger/connection/connections.js'
import { hasHiddenAddress, hasUnattributedRow } from '../../ledger/copy/crm-mirror-rows.js'
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
import type { FreshnessProof } from '../../contracts/sync-activities.js'
import { isSuperseded } from './whose-sendout.js'

/** What the workflow knows in addition to the ledger. */
export interface SendoutClosing {
  readonly sendoutRunId: string
  readonly proof: FreshnessProof | null
  readonly onUnverified: 'exclude' | 'abort'
  /** Aborted or cancelled: nobody is on a list. */
  readonly aborted: boolean
  /** Codes of the failures that occurred. */
  readonly problems: readonly string[]
}

/** The CRM hides a column that our user may not read. */
const COLUMN_HIDDEN: ErrorCode = 'crm_privilege_missing'
const CRM_CHANGED: ErrorCode = 'crm_changed'
/**
 * A newer run exists. It has another workflow id, because one id runs only once at a time. This run does not change its
 * list.
 */
const NEWER_RUN: ErrorCode = 'newer_run'

/** The result is from before the workflow was reset. Later checks do not count. */
const DECIDED_BEFORE: ErrorCode = 'decided_before'

/**
 * Closes a run: it stores the result for the campaign service (G3) and the receipt for the records (G6). Repeating it
 * gives the same result. One transaction keeps counts and list consistent, although an abandoned decision may still be
 * running.
 *
 * @param workflowRunId which run of the workflow closes it. If it differs from the run that closed it before, the
 *   workflow was reset.
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
  // A reset workflow repeats its steps. If it aborts now, the list of the former run is revoked too.
  if (run.result && !(closing.aborted && run.result.outcome === 'decided')) {
    const { workflowRunId: closedBy } = (await receiptOf(db, run.sendoutRunId)) ?? {}
    return typeof closedBy === 'string' && closedBy !== workflowRunId
      ? { ...run.result, problems: [...run.result.problems, DECIDED_BEFORE] }
      : run.result
  }
  // Nobody is mailed twice, whatever the outcome.
  await excludeDuplicates(db, run.sendoutRunId, run.channel ?? 'email')
  // A CRM that the account no longer uses verifies nobody.
  const superseded = await isSuperseded(db, run)
  if (superseded) {
    await revokeEligible(db, run.sendoutRunId)
  }
  let counts = await countVerdicts(db, run.sendoutRunId)
  const unverified = counts.get('notVerified') ?? 0
  const connection = await findConnection(db, run.connectionId)
  const hidden =
    (await hasHiddenAddress(db, run.connectionId, run.transactional === true)) ||
    (await hidesAnswer(db, run, connection))
  // Without an audience nothing was verified. A record without a known address may be anybody's.
  const incomplete = unverified > 0 || run.channel === null || hidden || superseded
  const aborted = closing.aborted || (incomplete && closing.onUnverified === 'abort')
  if (aborted) {
    await revokeEligible(db, run.sendoutRunId)
    counts = await countVerdicts(db, run.sendoutRunId)
  }
  const { requests, updated } = await spentOf(db, run.sendoutRunId)
  const eligible = counts.get('eligible') ?? 0
  const found = [
    ...(hidden ? [COLUMN_HIDDEN] : []),
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
    // Everything that is verified was read or proven after this moment.
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

/** Whether a row of the sendout's category does not name its contact. */
async function hidesAnswer(
  db: Queryable,
  { connectionId, categoryId, transactional }: SendoutRun,
  connection: ConnectionRow | null,
): Promise<boolean> {
  const asks = categoryId !== null && transactional !== true && connection?.subscriptionSync
  return asks ? hasUnattributedRow(db, connectionId, categoryId) : false
}
