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
  isPartlyTold,
  secondaryLinks,
  sameSecondaryAddresses,
  withThoseBefore,
  sameContact,
} from './same-contact.js'

/** A contact as read, and where it stands. */
export interface PlacedContact {
  readonly contact: CrmContact
  readonly addresses: RecordAddresses
}

/** What our copy says of a contact, locked. */
export interface StoredBefore {
  /** Absent: it was never met. */
  readonly before: StoredCrmContact | undefined
  readonly others: readonly SecondaryAddress[]
}

/** What is the same for all contacts of a reading. */
export interface ContactsReading {
  readonly window: ReadWindow
  /** Whether it is a complete listing: then unchanged records are noted as met, too. */
  readonly listing: boolean
  /** Ids of all addresses that its contacts name. */
  readonly addressIds: ReadonlyMap<string, number>
}

/** What a reading of a contact does to our copy, and to the addresses at which it stood or stands. */
export interface ContactChange {
  readonly save: StoredCrmContact
  /** All its other addresses, from now on. */
  readonly links: readonly SecondaryAddressLink[]
  /** Addresses where something changed. */
  readonly touched: readonly number[]
  /** Addresses at which nobody knows what the CRM holds, until it is read directly. */
  readonly doubtful: readonly number[]
  /** A live record that leaves an address; null: it leaves none. */
  readonly leaving: LeavingContact | null
  /** A live record that another one swallowed; null: none did. */
  readonly merged: MergedRecord | null
}

/**
 * What a reading of a contact does: nothing where it is older than what is stored, or says the same; else it replaces that,
 * leaves the record in doubt where the two overlap, and tells which addresses it left. Pure.
 * @returns null: nothing is stored.
 */
export function classifyContact(
  { contact, addresses }: PlacedContact,
  { before, others: had }: StoredBefore,
  { window, listing, addressIds }: ContactsReading,
): ContactChange | null {
  const { home, unusable, ...elsewhere } = addresses
  const homeId = home === null ? null : addressIds.get(home)!
  const untold = contact.emailUnreadable ?? false
  const save: StoredCrmContact = {
    crmContactId: contact.contactId,
    // Where the address is not told, the record stays where it was.
    addressId: untold ? (before?.addressId ?? null) : homeId,
    state: contact.state,
    mergedInto: contact.mergedInto,
    registeredAtMs: contact.registeredAtMs,
    unusableAddress: untold ? (before?.unusableAddress ?? false) : unusable,
    addressUntold: untold,
    consents: contact.consents,
    readFrom: window.from,
    readTo: window.to,
  }
  const told = secondaryLinks(save, elsewhere, addressIds)
  const links = isPartlyTold(contact) ? withThoseBefore(told, had, save.addressId) : told
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
  // A deny that only one of two overlapping readings shows counts at its other addresses, too.
  const doubtful =
    order === 'overlapping'
      ? [...places, ...[...had, ...links].map((other) => other.addressId)]
      : []
  return {
    save,
    links,
    touched: [...places, ...doubtful],
    doubtful,
    ...departure({ before, others: had }, { save, links }, listing),
  }
}

/** Which addresses a record leaves, and whether another one swallowed it. */
function departure(
  { before, others: had }: StoredBefore,
  { save: now, links }: Pick<ContactChange, 'save' | 'links'>,
  listing: boolean,
): Pick<ContactChange, 'leaving' | 'merged'> {
  const wasLive = before?.state === 'live'
  // First met when it was already gone: of a complete listing, that may be years ago, and forgiven.
  const cameAndWent = !before && !listing && now.state !== 'live'
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

/** What it does to our copy that a contact no longer exists. Pure. @returns null: nothing, it was read since. */
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
 * Addresses of contacts that another reading met first, at this very moment: which of the two is the newer one, nobody can
 * tell. Pure.
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

/** Where nothing crosses, nothing is left behind: the deny goes with the text that named the address. */
function leavesBehind({ denyOnly }: { readonly denyOnly: boolean }): boolean {
  return !denyOnly
}

function windowOf({ readFrom: from, readTo: to }: StoredCrmContact): ReadWindow {
  return { from, to }
}
