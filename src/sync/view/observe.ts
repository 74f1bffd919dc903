import { groupBy } from '../../domain/lists.js'
import type { AddressView, BatchView } from './address-view.js'
import { UNTOLD_CATEGORY } from '../../crm/crm.js'
import { categoryCell, type CellKey } from '../../domain/cell-key.js'
import { isPurposeCell } from '../../domain/cell-key.js'
import type { Purpose } from '../../domain/legal-basis.js'
import type { RecordReading } from '../../domain/reconcile/index.js'
import { addressRows } from '../../ledger/address/address-rows.js'
import { carriedDeniesOf } from '../../ledger/copy/carried-denies.js'
import { categoriesOf } from '../../ledger/copy/categories.js'
import { mentionsOf } from '../../ledger/copy/address-mentions.js'
import { cellsOf, type StoredValue } from '../../ledger/copy/cells.js'
import { findConnection, type ConnectionRow } from '../../ledger/connection/connections.js'
import {
  secondaryHoldersAt,
  secondaryAddressStatesOf,
} from '../../ledger/copy/secondary-addresses.js'
import {
  crmSubscriptionsOf,
  liveCrmContactsAt,
  type StoredCrmSubscription,
} from '../../ledger/copy/crm-mirror-rows.js'
import { crmTimesOf } from '../../ledger/copy/crm-times.js'
import type { Queryable } from '../../ledger/db/database.js'
import { secondaryDenies, unarrivedHolders } from './secondary-addresses.js'
import { recordReading, rowReading } from '../../ledger/copy/record-reading.js'

/**
 * Loads a batch in a handful of statements.
 * @param addressIds at most 1,000. @param cellKeys cells that matter; default: all.
 */
export async function loadBatch(
  db: Queryable,
  connectionId: string,
  addressIds: readonly number[],
  cellKeys: readonly CellKey[] | null = null,
): Promise<BatchView> {
  const connection = (await findConnection(db, connectionId))!
  const categories = await categoriesOf(db, connectionId)
  const rows = await addressRows(db, addressIds)
  const cells = groupBy(await cellsOf(db, addressIds, cellKeys), (cell) => cell.addressId)
  const contacts = await liveCrmContactsAt(db, addressIds)
  const contactIds = contacts.map((contact) => contact.crmContactId)
  const secondaryHolders = groupBy(
    await secondaryHoldersAt(db, addressIds),
    (holder) => holder.addressId,
  )
  const holderIds = [...secondaryHolders.values()].flat().map((holder) => holder.crmContactId)
  const subscriptions = groupBy(
    await crmSubscriptionsOf(db, connectionId, [...new Set([...contactIds, ...holderIds])]),
    (row) => row.crmContactId,
  )
  const secondaryAddresses = groupBy(
    await secondaryAddressStatesOf(db, connectionId, contactIds),
    (other) => other.crmContactId,
  )
  const mentions = groupBy(
    await mentionsOf(db, addressIds, cellKeys),
    (mention) => mention.mentionedAddressId,
  )
  const denies = await carriedDeniesOf(db, connectionId, [...contactIds, ...holderIds])
  const carried = new Set(denies.map((deny) => `${deny.crmContactId} ${deny.cellKey}`))
  const contactsByAddress = groupBy(contacts, (contact) => contact.addressId)
  return {
    connection,
    times: await crmTimesOf(db, connectionId),
    categories,
    addresses: rows.map((row): AddressView => {
      const own = contactsByAddress.get(row.addressId) ?? []
      return {
        row,
        cells: new Map((cells.get(row.addressId) ?? []).map((cell) => [cell.cellKey, cell])),
        contacts: own,
        subscriptions: own.flatMap((contact) => subscriptions.get(contact.crmContactId) ?? []),
        carriedDenies: carried,
        denyOnlySubscriptions: (secondaryHolders.get(row.addressId) ?? [])
          .filter((holder) => holder.denyOnly)
          .flatMap((holder) => subscriptions.get(holder.crmContactId) ?? []),
        secondaryHolders: secondaryHolders.get(row.addressId) ?? [],
        secondaryAddresses: own.flatMap(
          (contact) => secondaryAddresses.get(contact.crmContactId) ?? [],
        ),
        mentions: mentions.get(row.addressId) ?? [],
      }
    }),
  }
}

/**
 * Addresses whose records our copy no longer holds as they were loaded: one has come or left, or holds another value. What was
 * decided there is of a set of records that is gone.
 */
export async function changedSince(
  db: Queryable,
  connectionId: string,
  views: readonly AddressView[],
): Promise<ReadonlySet<number>> {
  const contacts = groupBy(
    await liveCrmContactsAt(
      db,
      views.map((view) => view.row.addressId),
    ),
    (contact) => contact.addressId,
  )
  const loaded = views.flatMap((view) => view.contacts.map((contact) => contact.crmContactId))
  const rows = groupBy(
    await crmSubscriptionsOf(db, connectionId, loaded),
    (row) => row.crmContactId,
  )
  const changed = views.filter((view) => {
    const subscriptions = view.contacts.flatMap((c) => rows.get(c.crmContactId) ?? [])
    const now = { contacts: contacts.get(view.row.addressId) ?? [], subscriptions }
    return readingOf(now) !== readingOf(view)
  })
  return new Set(changed.map((view) => view.row.addressId))
}

function readingOf(view: Pick<AddressView, 'contacts' | 'subscriptions'>): string {
  return JSON.stringify([
    view.contacts.map((contact) => [contact.crmContactId, contact.consents]),
    view.subscriptions.map(({ rowId, crmContactId, categoryId, subscribed, version }) => {
      return [rowId, crmContactId, categoryId, subscribed, version]
    }),
  ])
}

/**
 * Whether the copy of an address is a *consistent observation*: the CRM's values were read, or proven, at a moment
 * after eMarketeer's last known act there and before a reading of the feed that found no further one
 * (docs/reconciliation.md, "A pass").
 * @param deltaProves whether the CRM's complete deltas prove the records that they do not mention.
 */
export function isConsistent(
  view: AddressView,
  connection: ConnectionRow,
  deltaProves: boolean,
): boolean {
  const { row } = view
  if (row.emarketeerUnread || row.crmDoubtful) {
    return false
  }
  const provenByDelta = deltaProves && connection.crmProvenTick > row.crmReadFrom
  const from = provenByDelta ? connection.crmProvenTick : row.crmReadFrom
  const readTo = [...view.contacts, ...view.subscriptions].map((record) => record.readTo)
  const to = Math.max(provenByDelta ? from : row.crmReadTo, ...readTo)
  return from > row.emarketeerMovedTick && connection.emarketeerProvenTick > to
}

/** Live records of a purpose cell; null where one of them cannot be read. */
export function purposeRecords(
  view: AddressView,
  purpose: Purpose,
): readonly RecordReading<StoredValue>[] | null {
  const records = readableRecords(view, purpose)
  return records.length === view.contacts.length ? records : null
}

/** Those of them that can be read: one that cannot does not hide the others. */
export function readableRecords(
  view: AddressView,
  purpose: Purpose,
): readonly RecordReading<StoredValue>[] {
  const followed = new Set(
    secondaryDenies(view, purpose).map(({ address }) => address.crmContactId),
  )
  const holderDenies = unarrivedHolders(view, purpose).length > 0
  const records: RecordReading<StoredValue>[] = []
  for (const contact of view.contacts) {
    const record = recordReading(contact, purpose)
    if (record === null) {
      continue
    }
    const { recordId } = record
    const carriedDeny =
      view.carriedDenies.has(`${recordId} ${purpose}`) ||
      followed.has(recordId) ||
      // It reaches eMarketeer through the record that is read (C5).
      (holderDenies && records.length === 0)
    records.push({ ...record, carriedDeny })
  }
  return records
}

/** Rows of a category at an address. */
export interface CategoryRows {
  /** The contacts' own rows, and rows that a merge left behind; null where one cannot be read. */
  readonly records: readonly RecordReading<StoredValue>[] | null
  /** Contacts without a row of their own. */
  readonly missingContactIds: readonly string[]
  /** Rows that a merge left behind, to be deleted once nothing depends on them. */
  readonly foreignRows: readonly StoredCrmSubscription[]
}

/** Whether the row is one of the category, or of one that is not told, and so perhaps of this one. */
export function mayBeOf(row: StoredCrmSubscription, categoryId: string): boolean {
  return row.categoryId === categoryId || row.categoryId === UNTOLD_CATEGORY
}

/** Rows of one category. A missing row is neither a Yes nor a No (D3). */
export function categoryRows(view: AddressView, categoryId: string): CategoryRows {
  const rows = view.subscriptions.filter((row) => mayBeOf(row, categoryId))
  const own = new Set(rows.filter((row) => !row.foreign).map((row) => row.crmContactId))
  const cellKey = categoryCell(categoryId)
  const readable = rows.every((row) => row.subscribed !== null)
  return {
    records: readable
      ? rows.map((row) => ({
          ...rowReading(row)!,
          carriedDeny: view.carriedDenies.has(`${row.crmContactId} ${cellKey}`),
        }))
      : null,
    missingContactIds: view.contacts
      .map((contact) => contact.crmContactId)
      .filter((id) => !own.has(id)),
    foreignRows: rows.filter((row) => row.foreign),
  }
}

/** The CRM contact that a record of a cell belongs to. */
export function contactOfRecord(view: AddressView, cellKey: CellKey, recordId: string): string {
  return isPurposeCell(cellKey)
    ? recordId
    : view.subscriptions.find((row) => row.rowId === recordId)!.crmContactId
}
