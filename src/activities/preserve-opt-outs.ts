import { CrmCursorExpired, type CrmSubscription } from '../crm/crm.js'
import { UpstreamError } from '../http/index.js'
import {
  carryToldNos,
  carryUnsavedNos,
  countCarriedNos,
  type ToldNo,
} from '../ledger/connection/removal.js'
import { requireCrm, type SyncSession } from '../connection/session.js'

/**
 * Keeps every No of the CRM that eMarketeer does not hold, before the rows that hold them are removed. The connection
 * is disabled, so nothing syncs and our copy stays as it was (C8): the CRM's changes since are only read.
 * @returns how many are kept until it is enabled again.
 * @throws UpstreamError; nothing may be removed then.
 */
export async function preserveOptOuts(session: SyncSession): Promise<number> {
  const { db, connection } = session
  const { connectionId, crmCursor, crmProvenAt, crmUntold, removalBegun } = connection
  // If nothing was ever read from the CRM, our tables there hold nothing of a person.
  if (crmProvenAt !== null && requireCrm(session).capabilities.subscriptions) {
    try {
      // Without a cursor, everything: it was dropped, or an earlier row named no contact.
      await preserveToldOptOuts(session, crmUntold ? null : crmCursor)
    } catch (error) {
      // Once removing has begun, the tables may be gone or lack columns. While they exist, a rep may still say No in
      // them.
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
 * Keeps the Nos that the CRM reports since a cursor. If the CRM no longer knows the cursor, or a row names no contact,
 * lists everything once.
 */
async function preserveToldOptOuts(session: SyncSession, cursor: string | null): Promise<void> {
  for (let from = cursor; ; from = null) {
    try {
      const { untold } = await preserveSince(session, from)
      if (!untold || from === null) {
        return
      }
    } catch (error) {
      if (!(error instanceof CrmCursorExpired) || from === null) {
        throw error
      }
    }
  }
}

/** @returns whether a row named no contact. */
async function preserveSince(
  session: SyncSession,
  cursor: string | null,
): Promise<{ readonly untold: boolean }> {
  const { db, connection, call } = session
  let done = 0
  let untold = false
  for await (const page of requireCrm(session).client.readChanges(cursor, call)) {
    const nos = page.subscriptions.flatMap(noOf)
    await db.transaction((tx) => carryToldNos(tx, connection.connectionId, nos))
    done += page.subscriptions.length
    session.heartbeat({ done, total: null })
    untold ||= page.untold === true
  }
  return { untold }
}

function noOf({ contactId, categoryId, subscribed }: CrmSubscription): ToldNo[] {
  return subscribed === false && contactId !== null && categoryId !== null
    ? [{ crmContactId: contactId, categoryId }]
    : []
}
