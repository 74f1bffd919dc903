import { API_ROOT } from '../client.js'
import type { TableFacts } from '../facts.js'
import type { CrmWrite } from '../../crm.js'
import type { BatchRequest } from '../wire/batch-encode.js'
import { isGuid } from '../wire/odata.js'
import type { ToggleValue } from '../../../domain/reconcile/types.js'

/** Writes of one existing row, addressed by its id and the version that was read. */
export type RowWrite = Exclude<CrmWrite, { kind: 'createSubscription' }>

/** Returns the row, so that its new version is known without another read. */
const RETURN_ROW = { Prefer: 'return=representation' }

/**
 * The `$batch` part of a write (docs/wire-dataverse.md, 6.4 and 8.2). `If-Match` with the version that was read fails a
 * PATCH of a row that moved (412) or was deleted (404); without it a PATCH would create the row.
 * @returns null for a write that cannot be expressed here (a purpose or value of another CRM, an id that is not a GUID,
 * an unknown version): it is refused, never sent.
 */
export function partRequest(write: RowWrite, table: TableFacts | null): BatchRequest | null {
  if (!/^(W\/)?"[^"\r\n]+"$/.test(write.expectedVersion)) {
    return null
  }
  const ifMatch = { 'If-Match': write.expectedVersion }
  switch (write.kind) {
    case 'consent': {
      const { value, purpose, contactId } = write
      if (
        purpose !== 'marketingSendouts' ||
        (value !== 'allow' && value !== 'deny') ||
        !isGuid(contactId)
      ) {
        return null
      }
      return {
        method: 'PATCH',
        path: `${API_ROOT}contacts(${contactId})?$select=contactid,donotbulkemail`,
        headers: { ...ifMatch, ...RETURN_ROW },
        body: contactBody(value),
      }
    }
    case 'subscription':
      return table === null || !isGuid(write.rowId)
        ? null
        : {
            method: 'PATCH',
            path: `${API_ROOT}${table.setName}(${write.rowId})?$select=${table.primaryId},em_subscribed`,
            headers: { ...ifMatch, ...RETURN_ROW },
            body: { em_subscribed: write.subscribed },
          }
    case 'deleteSubscription':
      return table === null || !isGuid(write.rowId)
        ? null
        : {
            method: 'DELETE',
            path: `${API_ROOT}${table.setName}(${write.rowId})`,
            headers: ifMatch,
          }
  }
}

/** The only body ever sent for a contact: the toggle, inverted, and no other column (rule B8). */
export interface ContactBody {
  readonly donotbulkemail: boolean
}

/** `donotbulkemail` true = do not allow. */
function contactBody(value: ToggleValue): ContactBody {
  return { donotbulkemail: value === 'deny' }
}
