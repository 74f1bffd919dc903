import { CrmColumnsClosed } from '../../crm/crm.js'
import { dropCrmCursor } from '../../ledger/connection/cursors.js'
import type { SyncSession } from '../../connection/session.js'

/**
 * Reads from the CRM. Where it closes columns to us, what was read between that and now may show null for an answer, and
 * no delta tells those rows again once the columns are open: so the cursor is dropped, and everything is listed then.
 */
export async function readingCrm<T>(session: SyncSession, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof CrmColumnsClosed) {
      await dropCrmCursor(session.db, session.connection.connectionId)
    }
    throw error
  }
}
