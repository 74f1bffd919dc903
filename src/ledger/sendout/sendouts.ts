import type { Channel, PreSendResult, SendoutStage } from '../../contracts/pre-send.js'
import type { ExclusionReason } from '../../domain/exclusion-reason.js'
import type { Queryable, Transaction } from '../db/database.js'

/** One run of a sendout's check. */
export interface SendoutRun {
  readonly sendoutRunId: string
  readonly sendoutId: string
  readonly stage: SendoutStage
  readonly run: number
  readonly accountId: string
  readonly connectionId: string
  /** The connection's epoch when the run was opened. */
  readonly connectionEpoch: number
  readonly crm: string
  readonly workflowId: string
  readonly channel: Channel | null
  readonly categoryId: string | null
  readonly transactional: boolean | null
  readonly audienceId: string | null
  readonly targeted: number
  readonly askedTick: number | null
  readonly askedAt: Date | null
  readonly deadline: Date
  readonly outcome: 'decided' | 'aborted' | null
  readonly result: PreSendResult | null
}

const COLUMNS = `sendout_run_id AS "sendoutRunId", sendout_id AS "sendoutId", stage, run, account_id AS "accountId",
  connection_id AS "connectionId", connection_epoch AS "connectionEpoch", crm, workflow_id AS "workflowId", channel, category_id AS "categoryId",
  transactional, audience_id AS "audienceId", targeted, asked_tick AS "askedTick", asked_at AS "askedAt", deadline, outcome, result`

type NewSendoutRun = Pick<
  SendoutRun,
  'sendoutRunId' | 'sendoutId' | 'stage' | 'accountId' | 'connectionId' | 'crm' | 'workflowId'
> & { readonly deadlineMs: number }

/**
 * Opens a run, numbered after the account's last one of the same sendout and stage; repeating it with the same id
 * changes nothing.
 */
export async function openSendoutRun(tx: Transaction, run: NewSendoutRun): Promise<SendoutRun> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('sendout ' || $1))`, [run.sendoutId])
  await tx.query(
    `INSERT INTO sendout_runs (sendout_run_id, sendout_id, stage, run, account_id, connection_id, crm, workflow_id,
        deadline, connection_epoch)
      SELECT $1, $2, $3, COALESCE(max(run), 0) + 1, $4, $5, $6, $7, to_timestamp($8 / 1000.0),
        (SELECT epoch FROM connections WHERE connection_id = $5)
      FROM sendout_runs WHERE sendout_id = $2 AND stage = $3 AND account_id = $4
      ON CONFLICT (sendout_run_id) DO NOTHING`,
    [
      run.sendoutRunId,
      run.sendoutId,
      run.stage,
      run.accountId,
      run.connectionId,
      run.crm,
      run.workflowId,
      run.deadlineMs,
    ],
  )
  return (await findSendoutRun(tx, run.sendoutRunId))!
}

/** A run by its id, or null. */
export async function findSendoutRun(
  db: Queryable,
  sendoutRunId: string,
): Promise<SendoutRun | null> {
  const rows = await db.query<SendoutRun>(
    `SELECT ${COLUMNS} FROM sendout_runs WHERE sendout_run_id = $1`,
    [sendoutRunId],
  )
  return rows[0] ?? null
}

/** A run, locked until the transaction ends: nobody stores a verdict meanwhile. */
export async function lockSendoutRun(tx: Transaction, sendoutRunId: string): Promise<SendoutRun> {
  const rows = await tx.query<SendoutRun>(
    `SELECT ${COLUMNS} FROM sendout_runs WHERE sendout_run_id = $1 FOR UPDATE`,
    [sendoutRunId],
  )
  return rows[0]!
}

/**
 * The newest run of a stage of an account's sendout, or null; its list replaces earlier ones (G1). Another account may
 * have the same sendout id.
 */
export async function newestSendoutRun(
  db: Queryable,
  sendoutId: string,
  stage: SendoutStage,
  accountId: string,
): Promise<SendoutRun | null> {
  const [run] = await db.query<SendoutRun>(
    `SELECT ${COLUMNS} FROM sendout_runs
      WHERE sendout_id = $1 AND stage = $2 AND account_id = $3 ORDER BY run DESC LIMIT 1`,
    [sendoutId, stage, accountId],
  )
  return run ?? null
}

/** Whether a later run of the same sendout and stage exists: the list is that one's (G1). */
export async function hasNewerRun(
  db: Queryable,
  { sendoutId, stage, accountId, run }: SendoutRun,
): Promise<boolean> {
  const newest = await newestSendoutRun(db, sendoutId, stage, accountId)
  return newest !== null && newest.run > run
}

/** Notes when the sendout asked: later readings count as verified. The first moment stays. */
export async function markAsked(db: Queryable, sendoutRunId: string, tick: number): Promise<void> {
  await db.query(
    `UPDATE sendout_runs SET asked_tick = $2, asked_at = clock_timestamp()
      WHERE sendout_run_id = $1 AND asked_tick IS NULL`,
    [sendoutRunId, tick],
  )
}

/** Notes whom the sendout targets. A closed run keeps what it was closed with. */
export async function saveAudience(
  db: Queryable,
  sendoutRunId: string,
  audience: Pick<SendoutRun, 'categoryId' | 'audienceId' | 'targeted'> & {
    readonly channel: Channel
    readonly transactional: boolean
  },
): Promise<void> {
  await db.query(
    `UPDATE sendout_runs SET channel = $2, category_id = $3, transactional = $4, audience_id = $5, targeted = $6
      WHERE sendout_run_id = $1 AND outcome IS NULL`,
    [
      sendoutRunId,
      audience.channel,
      audience.categoryId,
      audience.transactional,
      audience.audienceId,
      audience.targeted,
    ],
  )
}

/** Closes a run with its result and receipt (G3, G6). */
export async function closeSendoutRun(
  db: Queryable,
  sendoutRunId: string,
  result: PreSendResult,
  receipt: Readonly<Record<string, unknown>>,
): Promise<void> {
  await db.query(
    `UPDATE sendout_runs SET outcome = $2, result = $3, receipt = $4, decided_at = clock_timestamp()
      WHERE sendout_run_id = $1`,
    [sendoutRunId, result.outcome, JSON.stringify(result), JSON.stringify(receipt)],
  )
}

/** The receipt of a run (G6), or null. */
export async function receiptOf(
  db: Queryable,
  sendoutRunId: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  const rows = await db.query<{ receipt: Record<string, unknown> | null }>(
    `SELECT receipt FROM sendout_runs WHERE sendout_run_id = $1`,
    [sendoutRunId],
  )
  return rows[0]?.receipt ?? null
}

/** Verdict on a member. */
export type Verdict = 'eligible' | ExclusionReason

/** Requests and writes of a sendout or of one attempt. */
export interface SendoutSpent {
  readonly requests: { readonly emarketeer: number; readonly crm: number }
  readonly updated: { readonly emarketeer: number; readonly crm: number }
}

/** Stores what an attempt has spent so far, over its earlier figure. */
export async function saveSpent(
  db: Queryable,
  sendoutRunId: string,
  attemptId: string,
  { requests, updated }: SendoutSpent,
): Promise<void> {
  await db.query(
    `INSERT INTO sendout_spent (sendout_run_id, attempt_id, emarketeer_requests, crm_requests, emarketeer_writes, crm_writes)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (sendout_run_id, attempt_id) DO UPDATE SET emarketeer_requests = $3, crm_requests = $4,
        emarketeer_writes = $5, crm_writes = $6`,
    [sendoutRunId, attemptId, requests.emarketeer, requests.crm, updated.emarketeer, updated.crm],
  )
}

/** All that a run has spent so far. */
export async function spentOf(db: Queryable, sendoutRunId: string): Promise<SendoutSpent> {
  const [row] = await db.query<
    Record<'emRequests' | 'crmRequests' | 'emWrites' | 'crmWrites', number>
  >(
    `SELECT COALESCE(sum(emarketeer_requests), 0) AS "emRequests", COALESCE(sum(crm_requests), 0) AS "crmRequests",
        COALESCE(sum(emarketeer_writes), 0) AS "emWrites", COALESCE(sum(crm_writes), 0) AS "crmWrites"
      FROM sendout_spent WHERE sendout_run_id = $1`,
    [sendoutRunId],
  )
  const { emRequests, crmRequests, emWrites, crmWrites } = row!
  return {
    requests: { emarketeer: emRequests, crm: crmRequests },
    updated: { emarketeer: emWrites, crm: crmWrites },
  }
}
