import { groupBy } from '../../domain/lists.js'
import type { CellKey } from '../../domain/cell-key.js'
import { addressRows, type AddressRow } from '../../ledger/address/address-rows.js'
import { carriedDeniesOf } from '../../ledger/copy/carried-denies.js'
import { categoriesOf, type CategoryRow } from '../../ledger/copy/categories.js'
import { mentionsOf, type AddressMention } from '../../ledger/copy/address-mentions.js'
import { cellsOf, type CellRow } from '../../ledger/copy/cells.js'
import { findConnection, type ConnectionRow } from '../../ledger/connection/connections.js'
import {
  secondaryHoldersAt,
  secondaryAddressStatesOf,
  type SecondaryHolder,
  type SecondaryAddressState,
} from '../../ledger/copy/secondary-addresses.js'
import {
  crmSubscriptionsOf,
  liveCrmContactsAt,
  type StoredCrmSubscription,
  type StoredCrmContact,
} from '../../ledger/copy/crm-mirror-rows.js'
import { crmTimesOf, type CrmTimes } from '../../ledger/copy/crm-times.js'
import type { Queryable } from '../../ledger/db/database.js'

/** Everything that the copy holds about one address. */
export interface AddressView {
  readonly row: AddressRow
  readonly cells: ReadonlyMap<CellKey, CellRow>
  /** Live records, oldest first. */
  readonly contacts: readonly StoredCrmContact[]
  /** Subscription rows of those records. */
  readonly subscriptions: readonly StoredCrmSubscription[]
  /** Subscription rows of records at whose deny-only addresses this one is. */
  readonly denyOnlySubscriptions: readonly StoredCrmSubscription[]
  /** `<contact id> <cell key>` of carried denies. */
  readonly carriedDenies: ReadonlySet<string>
  /** Live records with this as a secondary or deny-only address: each denies while withdrawn (A, C5). */
  readonly secondaryHolders: readonly SecondaryHolder[]
  /** Secondary addresses of the records, with eMarketeer's state there. */
  readonly secondaryAddresses: readonly SecondaryAddressState[]
  /** Texts in eMarketeer's address fields that name this address: they link nobody, but their denies count (A). */
  readonly mentions: readonly AddressMention[]
}

/** A batch of addresses and the connection, as the copy holds them at one moment. */
export interface BatchView {
  readonly connection: ConnectionRow
  readonly times: CrmTimes
  readonly categories: readonly CategoryRow[]
  readonly addresses: readonly AddressView[]
}

/**
 * Loads a batch in a few statements.
 * @param addressIds at most 1,000; of none, only the connection is read. @param cellKeys needed cells; default: all.
 */
export async function loadBatch(
  db: Queryable,
  connectionId: string,
  addressIds: readonly number[],
  cellKeys: readonly CellKey[] | null = null,
): Promise<BatchView> {
  const connection = (await findConnection(db, connectionId))!
  const categories = await categoriesOf(db, connectionId)
  const addresses =
    addressIds.length === 0 ? [] : await loadAddresses(db, connectionId, addressIds, cellKeys)
  return { connection, times: await crmTimesOf(db, connectionId), categories, addresses }
}

async function loadAddresses(
  db: Queryable,
  connectionId: string,
  addressIds: readonly number[],
  cellKeys: readonly CellKey[] | null,
): Promise<AddressView[]> {
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
  return rows.map((row): AddressView => {
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
  })
}

/** Addresses whose records changed in the copy since they were loaded: a decision on them is outdated. */
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
