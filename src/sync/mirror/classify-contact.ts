import type { CrmContact } from '../../crm/crm.js'
import { orderOf, type ReadWindow } from '../../domain/read-window.js'
import type { RecordAddresses } from '../../domain/record-addresses.js'
import type { MergedRecord } from '../../ledger/copy/carried-denies.js'
import type { StoredCrmContact } from '../../ledger/copy/crm-mirror-rows.js'
import type {
  SecondaryAddress,
  SecondaryAddressLink,
} from '../../ledger/copy/secondary-addresses.js'
import type { LeavingContact } from '../../ledger/copy/departed-denies.js'
import {
  secondaryIds,
  holderAddressIds,
  isPartlyHidden,
  secondaryLinks,
  sameSecondaryAddresses,
  withThoseBefore,
  sameContact,
} from './same-contact.js'

export interface PlacedContact {
  readonly contact: CrmContact
  readonly addresses: RecordAddresses
}

/** A contact as stored in the copy, with its row locked. */
export interface StoredBefore {
  /** Absent: a new contact. */
  readonly before: StoredCrmContact | undefined
  readonly others: readonly SecondaryAddress[]
}

/** What all contacts of a reading share. */
export interface ContactsReading {
  readonly window: ReadWindow
  /** Whether this is a complete listing. It also records that unchanged records were seen. */
  readonly listing: boolean
  /** Whether an earlier listing was complete, so that a record that is met first was made since. */
  readonly listedBefore: boolean
  /** Ids of all addresses in the reading. */
  readonly addressIds: ReadonlyMap<string, number>
}

/** What a reading of a contact changes in the copy and at its addresses. */
export interface ContactChange {
  readonly save: StoredCrmContact
  /** All its other addresses from now on. */
  readonly links: readonly SecondaryAddressLink[]
  /** Addresses where something changed. */
  readonly touched: readonly number[]
  /** Addresses at which the CRM's state is unknown until it is read directly. */
  readonly doubtful: readonly number[]
  /** A live record that leaves an address, or null. */
  readonly leaving: LeavingContact | null
  /** A live record that was merged into another, or null. */
  readonly merged: MergedRecord | null
}

/**
 * Decides what a reading of a contact changes. An older or equal reading changes nothing, a newer one replaces the
 * copy, and an overlapping one leaves the record in doubt. Pure.
 * @returns null: nothing to store.
 */
export function classifyContact(
  { contact, addresses }: PlacedContact,
  { before, others: had }: StoredBefore,
  { window, listing, listedBefore, addressIds }: ContactsReading,
): ContactChange | null {
  const { home, unusable, ...elsewhere } = addresses
  const homeId = home === null ? null : addressIds.get(home)!
  const isHidden = contact.emailUnreadable ?? false
  const save: StoredCrmContact = {
    crmContactId: contact.contactId,
    // While its address is hidden, the record stays at its former address.
    addressId: isHidden ? (before?.addressId ?? null) : homeId,
    state: contact.state,
    mergedInto: contact.mergedInto,
    registeredAtMs: contact.registeredAtMs,
    unusableAddress: isHidden ? (before?.unusableAddress ?? false) : unusable,
    addressHidden: isHidden,
    consents: contact.consents,
    readFrom: window.from,
    readTo: window.to,
  }
  const told = secondaryLinks(save, elsewhere, addressIds)
  const links = isPartlyHidden(contact) ? withThoseBefore(told, had, save.addressId) : told
  if (before && sameContact(before, save) && sameSecondaryAddresses(had, links)) {
    return listing ? { save, links, touched: [], doubtful: [], leaving: null, merged: null } : null
  }
  const order = before ? orderOf(windowOf(before), window) : 'newer'
  if (order === 'older') {
    return null
  }
  const homes = [before?.addressId, save.addressId].filter((id) => typeof id === 'number')
  const places = [
    ...homes,
    ...holderAddressIds(before, save, secondaryIds(had), secondaryIds(links)),
  ]
  // One of two overlapping readings may show a deny that the other lacks, and that deny counts at all other addresses
  // of the record.
  const doubtful =
    order === 'overlapping'
      ? [...places, ...[...had, ...links].map((other) => other.addressId)]
      : []
  return {
    save,
    links,
    touched: [...places, ...doubtful],
    doubtful,
    ...departure({ before, others: had }, { save, links }, listing && !listedBefore),
  }
}

/**
 * The addresses that a record leaves, and its merge.
 * @param mayBeOld whether a record that is met first may have been deactivated or merged years ago.
 */
function departure(
  { before, others: had }: StoredBefore,
  { save: now, links }: Pick<ContactChange, 'save' | 'links'>,
  mayBeOld: boolean,
): Pick<ContactChange, 'leaving' | 'merged'> {
  const wasLive = before?.state === 'live'
  const cameAndWent = !before && !mayBeOld && now.state !== 'live'
  const merged =
    now.state === 'merged' && (wasLive || cameAndWent)
      ? { before: before ?? null, record: now }
      : null
  if (cameAndWent) {
    return { leaving: { before: now, now: null, leavesPrimary: true, secondary: [] }, merged }
  }
  if (!wasLive) {
    return { leaving: null, merged }
  }
  const stays = [...secondaryIds(links), now.addressId]
  const leavesPrimary = now.state !== 'live' || before.addressId !== now.addressId
  const secondary = had.filter((other) => leavesBehind(other) && !stays.includes(other.addressId))
  return {
    leaving:
      leavesPrimary || secondary.length > 0 ? { before, now, leavesPrimary, secondary } : null,
    merged,
  }
}

/** Decides what the deletion of a contact changes. Pure. @returns null: nothing, or it was read after that. */
export function classifyDeletedContact(
  { before, others }: StoredBefore & { readonly before: StoredCrmContact },
  window: ReadWindow,
): ContactChange | null {
  if (before.state === 'deleted' || before.readFrom > window.to) {
    return null
  }
  const secondary = others.filter(leavesBehind)
  return {
    save: { ...before, state: 'deleted', readFrom: window.from, readTo: window.to },
    links: [],
    touched: [...(before.addressId === null ? [] : [before.addressId]), ...secondaryIds(others)],
    doubtful: [],
    leaving: before.state === 'live' ? { before, now: null, leavesPrimary: true, secondary } : null,
    merged: null,
  }
}

/**
 * Addresses of contacts that another reading stored first, at the same time: which reading is newer is unknown. Pure.
 * @param changes of contacts that were not stored when they were locked.
 */
export function addressesOfMetTwice(
  changes: readonly ContactChange[],
  wereThere: ReadonlySet<string>,
): readonly number[] {
  return changes
    .filter(({ save }) => wereThere.has(save.crmContactId))
    .flatMap(({ save, links }) => [
      ...(save.addressId === null ? [] : [save.addressId]),
      ...links.map((link) => link.addressId),
    ])
}

/** Nothing stays behind at a deny-only address: its deny ends with the text that named the address. */
function leavesBehind({ denyOnly }: { readonly denyOnly: boolean }): boolean {
  return !denyOnly
}

function windowOf({ readFrom: from, readTo: to }: StoredCrmContact): ReadWindow {
  return { from, to }
}
