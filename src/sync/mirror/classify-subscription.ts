import type { CrmSubscription } from '../../crm/crm.js'
import { UNKNOWN_CATEGORY } from '../../domain/hidden-ids.js'
import { orderOf, type ReadWindow } from '../../domain/read-window.js'
import type { StoredCrmContact, StoredCrmSubscription } from '../../ledger/copy/crm-mirror-rows.js'
import type { LeavingRow } from '../../ledger/copy/departed-denies.js'

/** What a reading of a subscription row changes in the copy. */
export interface SubscriptionChange {
  readonly save: StoredCrmSubscription
  /** Contacts whose addresses change: the present owner and the former one. */
  readonly touched: readonly string[]
  /** Contacts at whose addresses the CRM's state is unknown until it is read directly. */
  readonly doubtful: readonly string[]
}

/**
 * Decides what a reading of a subscription row changes, as `classifyContact` does for contacts. Pure.
 * @returns null: nothing to store.
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
    // The category may have become known since.
    (before.categoryId === row.categoryId || row.categoryId === null) &&
    // A hidden value may have become readable in the same version.
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

/** The row, with stored values in place of those that the CRM hides or omits. null: its contact is unknown. */
function withWhatWasKnown(
  row: CrmSubscription,
  before: StoredCrmSubscription | undefined,
): (CrmSubscription & { readonly contactId: string }) | null {
  const contactId = row.contactId || (before?.crmContactId ?? row.contactId)
  const isHidden =
    row.categoryId === UNKNOWN_CATEGORY || (row.categoryId === null && row.subscribed === null)
  const categoryId = before !== undefined && isHidden ? before.categoryId : row.categoryId
  return contactId === null ? null : { ...row, contactId, categoryId }
}

/**
 * Rows that left an address: those that moved to a contact elsewhere, and those whose change was read only after their
 * contact had left. Both may apply to one row. Pure.
 * @param read changed rows to store. @param stored the same rows as stored. @param contacts all contacts of either.
 * @param from the tick before the reading. `mayBeOld`: it is the first that shows all rows, however long ago they changed. A
 *   row that is new there left only if its contact left during the reading (F5).
 */
export function rowsThatLeft(
  read: readonly StoredCrmSubscription[],
  stored: ReadonlyMap<string, StoredCrmSubscription>,
  contacts: ReadonlyMap<string, StoredCrmContact>,
  { from, mayBeOld }: { readonly from: number; readonly mayBeOld: boolean },
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
    if (mayBeOld && before === undefined && !hasLeftSince(then, from)) {
      return []
    }
    return home !== null && then?.state !== 'live' ? [{ addressId: home, row }] : []
  })
}

/** Whether a contact that our copy had at an address left it after a tick. */
function hasLeftSince(contact: StoredCrmContact | undefined, tick: number): boolean {
  return Object.values(contact?.leftWith ?? {}).some((left) => left.tick > tick)
}
