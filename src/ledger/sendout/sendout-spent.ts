import type { Queryable } from '../db/database.js'

/** What a sendout, or one attempt of its work, has spent. */
export interface SendoutSpent {
  readonly requests: { readonly emarketeer: number; readonly crm: number }
  /** Writes made. */
  readonly updated: { readonly emarketeer: number; readonly crm: number }
}

/** Keeps what an attempt has spent so far, in place of what was kept of it before. */
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

/** All that a sendout's run has spent so far. */
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
