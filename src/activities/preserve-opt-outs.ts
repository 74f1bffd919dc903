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
 * Keeps every No of the CRM that eMarketeer does not hold, before the rows that hold them are removed. The connection is
 * disabled by now, so nothing is synced and our copy stays as it was (C8): the CRM's changes since are only read.
 *
 * @returns how many are kept until it is enabled again.
 * @throws UpstreamError; nothing may be removed then.
 */
export async function preserveOptOuts(session: SyncSession): Promise<number> {
  const { db, connection } = session
  const { connectionId, crmCursor, crmProvenAt, crmUntold, removalBegun } = connection
  // Where nothing was ever read from the CRM, there is nothing of a person in our tables there.
  if (crmProvenAt !== null && requireCrm(session).capabilities.subscriptions) {
    try {
      // Everything without a cursor, as it was dropped, and where a row before it may have been anybody's.
      await preserveToldOptOuts(session, crmUntold ? null : crmCursor)
    } catch (error) {
      // Where removing has begun the tables may be gone, or lack what is read. As long as they are there, a rep may
      // still say No in them, however long the removal waits for a person.
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
 * Keeps the Nos that the CRM has told since a cursor. If the CRM no longer knows the cursor, or a row does not name its
 * contact, everything is listed once.
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

/** @returns whether a row did not name its contact. */
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
