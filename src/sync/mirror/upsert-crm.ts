import { groupBy } from '../../domain/lists.js'
import type { CrmContact, CrmSubscription } from '../../crm/crm.js'
import type { ReadWindow } from '../../domain/read-window.js'
import { recordAddresses } from '../../domain/record-addresses.js'
import { ensureAddresses, markDue } from '../../ledger/address/addresses.js'
import { markCrmDoubtful } from '../../ledger/address/address-rows.js'
import { carryDeniesOfMerged, carryDeniesOfMoved } from '../../ledger/copy/carried-denies.js'
import {
  addressesOfCrmContacts,
  crmContactsOf,
  lockCrmContacts,
  lockCrmSubscriptions,
  markCrmEnded,
  removeCrmSubscriptions,
  saveCrmContacts,
  saveCrmSubscriptions,
  type StoredCrmContact,
} from '../../ledger/copy/crm-mirror-rows.js'
import {
  seeContactsAgain,
  seeRowsAgain,
  type ListedContact,
  type ListedRow,
} from '../../ledger/copy/crm-listing.js'
import {
  secondaryAddressesOf,
  saveSecondaryAddresses,
} from '../../ledger/copy/secondary-addresses.js'
import { noteLeaving, noteLeavingRows } from '../../ledger/copy/departed-denies.js'
import { knownCrmContacts } from '../../ledger/copy/known-crm-contacts.js'
import type { Transaction } from '../../ledger/db/database.js'
import { classifyContact, classifyDeletedContact, addressesOfMetTwice } from './classify-contact.js'
import { classifySubscription, rowsThatLeft } from './classify-subscription.js'
import { isPartlyHidden, saysTheSame } from './same-contact.js'

/** Whether a reading is a complete listing. Then it is also recorded that unchanged records were seen. */
export interface ListingOption {
  readonly listing?: boolean
  /** Whether an earlier listing was complete: whoever is met first in this one was made since, and left since (F5). */
  readonly listedBefore?: boolean
  /** Whether the copy had no record before the listing, so that nothing can be unchanged. */
  readonly isFirst?: boolean
}

/** Stores contacts that were read within `window`, and marks what changed as due. */
export async function upsertCrmContacts(
  tx: Transaction,
  connectionId: string,
  read: readonly CrmContact[],
  window: ReadWindow,
  { listing = false, listedBefore = false, isFirst = false }: ListingOption = {},
): Promise<void> {
  const contacts = isFirst
    ? read
    : listing
      ? await unseenContacts(tx, connectionId, read, window)
      : await changedContacts(tx, connectionId, read)
  if (contacts.length === 0) {
    return
  }
  const placed = uniqueBy(contacts, (contact) => contact.contactId).map((contact) => ({
    contact,
    addresses: recordAddresses(contact),
  }))
  const keys = placed.flatMap(({ addresses: { home, secondary, denyOnly } }) => [
    ...(home === null ? [] : [home]),
    ...secondary,
    ...denyOnly,
  ])
  const addressIds = await ensureAddresses(tx, connectionId, keys)
  const ids = placed.map(({ contact }) => contact.contactId)
  const stored = byContact(await lockCrmContacts(tx, connectionId, ids))
  const others = groupBy(
    await secondaryAddressesOf(tx, connectionId, ids),
    (one) => one.crmContactId,
  )
  const changes = placed.flatMap((one) => {
    const id = one.contact.contactId
    const known = { before: stored.get(id), others: others.get(id) ?? [] }
    return classifyContact(one, known, { window, listing, listedBefore, addressIds }) ?? []
  })
  const save = changes.map((change) => change.save)
  const wereThere = await saveCrmContacts(tx, connectionId, save)
  const metFirst = changes.filter((change) => !stored.has(change.save.crmContactId))
  const metAt = addressesOfMetTwice(metFirst, wereThere)
  await saveSecondaryAddresses(
    tx,
    connectionId,
    save.map((contact) => contact.crmContactId),
    changes.flatMap(({ links }) => links),
  )
  const leaving = changes.flatMap((change) => change.leaving ?? [])
  const merged = changes.flatMap((change) => change.merged ?? [])
  const denies = await noteLeaving(tx, connectionId, leaving)
  const masters = await carryDeniesOfMerged(tx, connectionId, merged, denies)
  await carryDeniesOfMoved(
    tx,
    connectionId,
    changes.flatMap(({ leaving, merged }) =>
      leaving?.leavesPrimary && merged === null ? [leaving.before] : [],
    ),
  )
  const linked = await noteChanges(
    tx,
    [...changes.flatMap(({ touched }) => touched), ...metAt, ...masters],
    [...changes.flatMap(({ doubtful }) => doubtful), ...metAt],
    listing,
  )
  await markCrmEnded(tx, linked)
}

/**
 * Contacts that differ from the copy. Nearly every direct reading of a sendout finds nothing new: one statement without
 * locks shows that. If the copy changes meanwhile, the effect is the same as if it had changed right afterwards.
 */
async function changedContacts(
  tx: Transaction,
  connectionId: string,
  contacts: readonly CrmContact[],
): Promise<readonly CrmContact[]> {
  if (contacts.length === 0) {
    return []
  }
  const ids = contacts.map((contact) => contact.contactId)
  const known = byContact(await knownCrmContacts(tx, connectionId, ids))
  return contacts.filter((contact) => {
    const before = known.get(contact.contactId)
    return before === undefined || !saysTheSame(contact, before)
  })
}

/**
 * Contacts of a complete listing that the copy may not have as shown; that the others were seen is noted. A contact with
 * a hidden address, or several, is not compared here.
 */
async function unseenContacts(
  tx: Transaction,
  connectionId: string,
  contacts: readonly CrmContact[],
  window: ReadWindow,
): Promise<readonly CrmContact[]> {
  const listed = contacts.flatMap((contact): ListedContact[] => {
    const { home, secondary, denyOnly, unusable } = recordAddresses(contact)
    return isPartlyHidden(contact) || secondary.length + denyOnly.length > 0
      ? []
      : [{ ...contact, crmContactId: contact.contactId, unusableAddress: unusable, email: home }]
  })
  const seen = await seeContactsAgain(tx, connectionId, listed, window)
  return contacts.filter((contact) => !seen.has(contact.contactId))
}

/** As {@link unseenContacts}, for subscription rows. A row of which something is hidden is not compared here. */
async function unseenRows(
  tx: Transaction,
  connectionId: string,
  rows: readonly CrmSubscription[],
  window: ReadWindow,
): Promise<readonly CrmSubscription[]> {
  const listed = rows.flatMap((row): ListedRow[] =>
    row.contactId && row.categoryId && row.subscribed !== null
      ? [{ ...row, crmContactId: row.contactId }]
      : [],
  )
  const seen = await seeRowsAgain(tx, connectionId, listed, window)
  return rows.filter((row) => !seen.has(row.rowId))
}

export async function noteDeletedCrmContacts(
  tx: Transaction,
  connectionId: string,
  ids: readonly string[],
  window: ReadWindow,
): Promise<void> {
  if (ids.length === 0) {
    return
  }
  const stored = await lockCrmContacts(tx, connectionId, ids)
  const others = groupBy(
    await secondaryAddressesOf(tx, connectionId, ids),
    (one) => one.crmContactId,
  )
  const changes = stored.flatMap((before) => {
    const known = { before, others: others.get(before.crmContactId) ?? [] }
    return classifyDeletedContact(known, window) ?? []
  })
  const save = changes.map((change) => change.save)
  await noteLeaving(
    tx,
    connectionId,
    changes.flatMap(({ leaving }) => leaving ?? []),
  )
  await saveSecondaryAddresses(
    tx,
    connectionId,
    save.map((contact) => contact.crmContactId),
    [],
  )
  await saveCrmContacts(tx, connectionId, save)
  const linked = await noteChanges(
    tx,
    changes.flatMap(({ touched }) => touched),
    [],
  )
  await markCrmEnded(tx, linked)
}

/** Stores subscription rows that were read within `window`. */
export async function upsertCrmSubscriptions(
  tx: Transaction,
  connectionId: string,
  read: readonly CrmSubscription[],
  window: ReadWindow,
  { listing = false, listedBefore = false, isFirst = false }: ListingOption = {},
): Promise<void> {
  const rows = listing && !isFirst ? await unseenRows(tx, connectionId, read, window) : read
  if (rows.length === 0) {
    return
  }
  const rowIds = rows.map((row) => row.rowId)
  const locked = await lockCrmSubscriptions(tx, connectionId, rowIds)
  const stored = new Map(locked.map((row) => [row.rowId, row]))
  const changes = uniqueBy(rows, (row) => row.rowId).flatMap(
    (row) => classifySubscription(row, stored.get(row.rowId), { window, listing }) ?? [],
  )
  const save = changes.map((change) => change.save)
  const changed = changes.flatMap(({ touched, save: row }) => (touched.length === 0 ? [] : [row]))
  const both = changed.flatMap((row) => [row, stored.get(row.rowId) ?? row])
  const left =
    changed.length === 0
      ? []
      : rowsThatLeft(changed, stored, await contactsOf(tx, connectionId, both), {
          from: window.from,
          mayBeOld: listing && !listedBefore,
        })
  await noteLeavingRows(tx, connectionId, left)
  await saveCrmSubscriptions(tx, connectionId, save)
  const addressesOf = (contactIds: readonly string[]) =>
    addressesOfCrmContacts(tx, connectionId, contactIds)
  const touched = await addressesOf(changes.flatMap((change) => change.touched))
  const doubtful = await addressesOf(changes.flatMap((change) => change.doubtful))
  await noteChanges(tx, [...touched, ...left.map((row) => row.addressId)], doubtful, listing)
}

/** Stores that subscription rows were deleted. This is neither a Yes nor a No, and the sync creates them again (D3). */
export async function noteDeletedCrmSubscriptions(
  tx: Transaction,
  connectionId: string,
  rowIds: readonly string[],
): Promise<void> {
  if (rowIds.length === 0) {
    return
  }
  const rows = await lockCrmSubscriptions(tx, connectionId, rowIds)
  const contacts = await contactsOf(tx, connectionId, rows)
  await noteLeavingRows(
    tx,
    connectionId,
    rows.flatMap((row) => {
      const addressId = contacts.get(row.crmContactId)?.addressId ?? null
      return addressId === null ? [] : [{ addressId, row }]
    }),
  )
  const touched = await addressesOfCrmContacts(
    tx,
    connectionId,
    await removeCrmSubscriptions(tx, connectionId, rowIds),
  )
  await noteChanges(tx, touched, [])
}

async function contactsOf(
  tx: Transaction,
  connectionId: string,
  rows: readonly { readonly crmContactId: string }[],
): Promise<ReadonlyMap<string, StoredCrmContact>> {
  const ids = [...new Set(rows.map((row) => row.crmContactId))]
  return byContact(await crmContactsOf(tx, connectionId, ids))
}

/**
 * Marks addresses as due and as doubtful.
 * @param listing whether everybody is listed: then an address that is due already keeps its mark.
 * @returns those that both sides have had.
 */
async function noteChanges(
  tx: Transaction,
  touched: readonly number[],
  doubtful: readonly number[],
  listing = false,
): Promise<readonly number[]> {
  const linked = await markDue(tx, touched, { keepsMarks: listing })
  await markCrmDoubtful(tx, [...new Set(doubtful)])
  return linked
}

function byContact<T extends { readonly crmContactId: string }>(
  items: readonly T[],
): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.crmContactId, item]))
}

function uniqueBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()]
}
