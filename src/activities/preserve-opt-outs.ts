import { CrmCursorExpired, type CrmSubscription } from '../crm/crm.js'
import { UpstreamError } from '../http/index.js'
import {
  carryReportedNos,
  carryUnsavedNos,
  countCarriedNos,
  type ReportedNo,
} from '../ledger/connection/removal.js'
import { requireCrm, type SyncSession } from '../connection/session.js'

/**
 * Stores every No of the CRM that eMarketeer does not hold, before the rows that hold them are removed. The connection
 * is disabled, so that nothing syncs and our copy does not change (C8); the CRM's later changes are only read.
 * @returns how many are stored until the connection is enabled again.
 * @throws UpstreamError; nothing may be removed then.
 */
export async function preserveOptOuts(session: SyncSession): Promise<number> {
  const { db, connection } = session
  const { connectionId, crmCursor, crmProvenAt, crmUnattributed, removalBegun } = connection
  // If nothing was ever read from the CRM, our tables there hold no person's data.
  if (crmProvenAt !== null && requireCrm(session).capabilities.subscriptions) {
    try {
      // Without a cursor, it lists everything: the cursor was dropped, or an earlier row did not name its contact.
      await preserveReportedOptOuts(session, crmUnattributed ? null : crmCursor)
    } catch (error) {
      // After a removal has begun, the tables may be missing or lack columns. As long as they exist, a rep may still
      // set a No in them.
      if (!removalBegun || !isGone(error)) {
        throw error
      }
    }
  }
  await db.transaction((tx) => carryUnsavedNos(tx, connectionId))
  return countCarriedNos(db, connectionId)
}

function isGone(error: unknown): boolean {
  return (
    error instanceof UpstreamError &&
    (error.code === 'upstream_not_found' || error.code === 'upstream_refused')
  )
}

/**
 * Stores the Nos that the CRM reports since a cursor. Lists everything once if the CRM no longer knows the cursor or a
 * row does not name its contact.
 */
async function preserveReportedOptOuts(session: SyncSession, cursor: string | null): Promise<void> {
  for (let from = cursor; ; from = null) {
    try {
      const { unattributed } = await preserveSince(session, from)
      if (!unattributed || from === null) {
        return
      }
    } catch (error) {
      if (!(error instanceof CrmCursorExpired) || from === null) {
        throw error
      }
    }
  }
}

/** @returns whether a row did not name its contact. */
async function preserveSince(
  session: SyncSession,
  cursor: string | null,
): Promise<{ readonly unattributed: boolean }> {
  const { db, connection, call } = session
  let done = 0
  let unattributed = false
  for await (const page of requireCrm(session).client.readChanges(cursor, call)) {
    const nos = page.subscriptions.flatMap(noOf)
    await db.transaction((tx) => carryReportedNos(tx, connection.connectionId, nos))
    done += page.subscriptions.length
    session.heartbeat({ done, total: null })
    unattributed ||= page.unattributed === true
  }
  return { unattributed }
}

function noOf({ contactId, categoryId, subscribed }: CrmSubscription): ReportedNo[] {
  return subscribed === false && contactId !== null && categoryId !== null
    ? [{ crmContactId: contactId, categoryId }]
    : []
}
