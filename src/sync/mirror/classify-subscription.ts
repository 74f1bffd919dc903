import { type CrmSubscription, UNTOLD_CATEGORY } from '../../crm/crm.js'
import { orderOf, type ReadWindow } from '../../domain/read-window.js'
import type { StoredCrmContact, StoredCrmSubscription } from '../../ledger/copy/crm-mirror-rows.js'
import type { LeavingRow } from '../../ledger/copy/departed-denies.js'

/** What a reading of a subscription row does to our copy. */
export interface SubscriptionChange {
  readonly save: StoredCrmSubscription
  /** Contacts at whose addresses something changed: whose it is, and whose it was. */
  readonly touched: readonly string[]
  /** Contacts at whose addresses nobody knows what the CRM holds, until it is read directly. */
  readonly doubtful: readonly string[]
}

/**
 * What a reading of a subscription row does: as `classifyContact` for contacts. Pure.
 * @returns null: nothing is stored.
 */
export function classifySubscription(
  read: CrmSubscription,
  before: StoredCrmSubscription | undefined,
  { window, listing }: { readonly window: ReadWindow; readonly listing: boolean },
): SubscriptionChange | null {
  const row = withWhatWasKnown(read, before)
  if (row === null) {
    return null
  }
  const same =
    before?.version === row.version &&
    before.crmContactId === row.contactId &&
    // Its category may have become known since.
    (before.categoryId === row.categoryId || row.categoryId === null) &&
    // What was not to be read may be now, in the same version.
    (before.subscribed === row.subscribed || row.subscribed === null)
  if (same && !listing) {
    return null
  }
  const order = before ? orderOf({ from: before.readFrom, to: before.readTo }, window) : 'newer'
  if (order === 'older') {
    return null
  }
  const save: StoredCrmSubscription = {
    rowId: row.rowId,
    crmContactId: row.contactId,
    categoryId: row.categoryId,
    subscribed: row.subscribed,
    version: row.version,
    foreign: row.foreign,
    readFrom: window.from,
    readTo: window.to,
  }
  return same
    ? { save, touched: [], doubtful: [] }
    : {
        save,
        touched: [row.contactId, ...(before ? [before.crmContactId] : [])],
        doubtful: order === 'overlapping' ? [row.contactId] : [],
      }
}

/** A row with what was known of it in place of what the CRM did not tell, or hid; null where it is about nobody. */
function withWhatWasKnown(
  row: CrmSubscription,
  before: StoredCrmSubscription | undefined,
): (CrmSubscription & { readonly contactId: string }) | null {
  const contactId = row.contactId || (before?.crmContactId ?? row.contactId)
  const isHidden =
    row.categoryId === UNTOLD_CATEGORY || (row.categoryId === null && row.subscribed === null)
  const categoryId = before !== undefined && isHidden ? before.categoryId : row.categoryId
  return contactId === null ? null : { ...row, contactId, categoryId }
}

/**
 * Rows that went to a contact at another address, and those that are found to have changed only after their contact was found
 * to have left: both may have come as one, the contact first. Pure.
 * @param read as they are to be stored. @param from the tick before they were read.
 * @param stored the same rows as they were. @param contacts all contacts of either.
 */
export function rowsThatLeft(
  read: readonly StoredCrmSubscription[],
  from: number,
  stored: ReadonlyMap<string, StoredCrmSubscription>,
  contacts: ReadonlyMap<string, StoredCrmContact>,
): readonly LeavingRow[] {
  return read.flatMap((row): LeavingRow[] => {
    const before = stored.get(row.rowId)
    const now = contacts.get(row.crmContactId)
    const then = contacts.get((before ?? row).crmContactId)
    const home = then?.addressId ?? null
    if (before && home !== null && home !== now?.addressId) {
      return [before, row].map((one) => ({ addressId: home, row: one }))
    }
    const { leftWith } = before ?? {}
    if (leftWith && leftWith.tick > from) {
      return [{ addressId: leftWith.from, row }]
    }
    return home !== null && then?.state !== 'live' ? [{ addressId: home, row }] : []
  })
}
