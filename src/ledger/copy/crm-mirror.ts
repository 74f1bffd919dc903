import { type CrmContact, type CrmSubscription, UNTOLD_CATEGORY } from '../../crm/crm.js'
import { recordAddresses } from '../../domain/record-addresses.js'
import { ensureAddresses, markDue } from '../address/addresses.js'
import { markCrmDoubtful } from '../address/address-rows.js'
import { carryDeniesOfMerged, carryDeniesOfMoved, type MergedRecord } from './carried-denies.js'
import { sameContact } from './crm-mirror-compare.js'
import { changedContacts } from './crm-mirror-unchanged.js'
import {
  furtherIds,
  guestPlaces,
  isPartlyTold,
  otherLinks,
  sameOtherAddresses,
  withThoseBefore,
} from './crm-mirror-others.js'
import {
  otherAddressesOf,
  saveOtherAddresses,
  type OtherAddressLink,
} from './crm-other-addresses.js'
import {
  noteLeaving,
  noteLeavingRows,
  type LeavingContact,
  type LeavingRow,
} from './departed-denies.js'
import {
  addressesOfCrmContacts,
  crmContactsOf,
  lockCrmContacts,
  lockCrmSubscriptions,
  removeCrmSubscriptions,
  saveCrmContacts,
  saveCrmSubscriptions,
  type StoredCrmContact,
  type StoredCrmSubscription,
} from './crm-mirror-rows.js'
import type { Transaction } from '../db/database.js'
import type { ReadWindow } from '../db/ticks.js'

/** What an outside reading did to our copy. */
export interface MirrorChange {
  /** Addresses where something changed. */
  readonly addressIds: readonly number[]
}

/**
 * How an incoming reading stands to the stored one. Versions are compared for equality only; order comes from the
 * ticks: a reading that began after the stored one ended is newer, one that ended before it began is older, and two
 * that overlap and differ leave the record in doubt until it is read once more.
 */
function judge(stored: ReadWindow, incoming: ReadWindow): 'newer' | 'older' | 'overlapping' {
  if (incoming.from > stored.to) {
    return 'newer'
  }
  return incoming.to < stored.from ? 'older' : 'overlapping'
}

/**
 * Takes contacts that were read within `window` into our copy; marks what changed as due.
 * @param listing whether this is a complete listing: then unchanged records are noted as met, too.
 */
export async function takeCrmContacts(
  tx: Transaction,
  connectionId: string,
  read: readonly CrmContact[],
  window: ReadWindow,
  listing = false,
): Promise<MirrorChange> {
  const contacts = listing ? read : await changedContacts(tx, connectionId, read)
  if (contacts.length === 0) {
    return { addressIds: [] }
  }
  const places = new Map(contacts.map((c) => [c.contactId, recordAddresses(c)]))
  const keys = [...places.values()].flatMap(({ home, further, denyOnly }) => [
    ...(home === null ? [] : [home]),
    ...further,
    ...denyOnly,
  ])
  const addressIds = await ensureAddresses(tx, connectionId, keys)
  const ids = contacts.map((c) => c.contactId)
  const stored = new Map(
    (await lockCrmContacts(tx, connectionId, ids)).map((c) => [c.crmContactId, c]),
  )
  const known = groupByContact(await otherAddressesOf(tx, connectionId, ids))
  const save: StoredCrmContact[] = []
  const links: OtherAddressLink[] = []
  const touched: number[] = []
  const doubtful: number[] = []
  const leaving: LeavingContact[] = []
  const merged: MergedRecord[] = []
  for (const contact of uniqueBy(contacts, (c) => c.contactId)) {
    const before = stored.get(contact.contactId)
    const { home, unusable, ...elsewhere } = places.get(contact.contactId)!
    const homeId = home === null ? null : addressIds.get(home)!
    const next: StoredCrmContact = {
      crmContactId: contact.contactId,
      // Where the address is not told, the record stays where it was.
      addressId: contact.emailUnreadable ? (before?.addressId ?? null) : homeId,
      state: contact.state,
      mergedInto: contact.mergedInto,
      registeredAtMs: contact.registeredAtMs,
      unusableAddress: contact.emailUnreadable ? (before?.unusableAddress ?? false) : unusable,
      addressUntold: contact.emailUnreadable ?? false,
      consents: contact.consents,
      readFrom: window.from,
      readTo: window.to,
    }
    const hadOthers = known.get(contact.contactId) ?? []
    const told = otherLinks(next, elsewhere, addressIds)
    const others = isPartlyTold(contact) ? withThoseBefore(told, hadOthers, next.addressId) : told
    if (before && sameContact(before, next) && sameOtherAddresses(hadOthers, others)) {
      if (listing) {
        save.push(next)
        links.push(...others)
      }
      continue
    }
    const order = before ? judge({ from: before.readFrom, to: before.readTo }, window) : 'newer'
    if (order === 'older') {
      continue
    }
    save.push(next)
    links.push(...others)
    const further = furtherIds(others)
    const homes = [before?.addressId, next.addressId].filter((id) => typeof id === 'number')
    const moved = [...homes, ...guestPlaces(before, next, furtherIds(hadOthers), further)]
    touched.push(...moved)
    if (order === 'overlapping') {
      // A deny that only one of two overlapping readings shows counts at its other addresses, too.
      const everywhere = [...moved, ...[...hadOthers, ...others].map((other) => other.addressId)]
      touched.push(...everywhere)
      doubtful.push(...everywhere)
    }
    const wasLive = before?.state === 'live'
    // First met when it was already gone: of a complete listing, that may be years ago, and forgiven.
    const cameAndWent = !before && !listing && next.state !== 'live'
    if (next.state === 'merged' && (wasLive || cameAndWent)) {
      merged.push({ before: before ?? null, record: next })
    }
    if (wasLive) {
      const stays = [...further, next.addressId]
      leaving.push({
        before,
        now: next,
        leavesPrimary: next.state !== 'live' || before.addressId !== next.addressId,
        further: hadOthers.filter(
          (other) => leavesBehind(other) && !stays.includes(other.addressId),
        ),
      })
    } else if (cameAndWent) {
      leaving.push({ before: next, now: null, leavesPrimary: true, further: [] })
    }
  }
  const wereThere = await saveCrmContacts(tx, connectionId, save)
  // Met first by another reading, at this very moment: which of the two is the newer one, nobody can tell.
  const met = save.filter((c) => !stored.has(c.crmContactId) && wereThere.has(c.crmContactId))
  const metAt = [
    ...met.map((c) => c.addressId).filter((id) => id !== null),
    ...links
      .filter((link) => met.some((c) => c.crmContactId === link.crmContactId))
      .map((link) => link.addressId),
  ]
  touched.push(...metAt)
  doubtful.push(...metAt)
  await saveOtherAddresses(
    tx,
    connectionId,
    save.map((contact) => contact.crmContactId),
    links,
  )
  const left = leaving.filter(({ leavesPrimary, further }) => leavesPrimary || further.length > 0)
  const denies = await noteLeaving(tx, connectionId, left)
  touched.push(...(await carryDeniesOfMerged(tx, connectionId, merged, denies)))
  const mergedIds = new Set(merged.map((m) => m.record.crmContactId))
  const moved = left.filter((l) => l.leavesPrimary && !mergedIds.has(l.before.crmContactId))
  await carryDeniesOfMoved(
    tx,
    connectionId,
    moved.map(({ before }) => before),
  )
  await noteChanges(tx, connectionId, touched, doubtful)
  return { addressIds: [...new Set(touched)] }
}

/** Where nothing crosses, nothing is left behind: the deny goes with the text that named the address. */
function leavesBehind({ denyOnly }: { readonly denyOnly: boolean }): boolean {
  return !denyOnly
}

/** Notes contacts that no longer exist. */
export async function takeDeletedCrmContacts(
  tx: Transaction,
  connectionId: string,
  ids: readonly string[],
  window: ReadWindow,
): Promise<MirrorChange> {
  if (ids.length === 0) {
    return { addressIds: [] }
  }
  const stored = await lockCrmContacts(tx, connectionId, ids)
  const gone = stored.filter((c) => c.state !== 'deleted' && c.readFrom <= window.to)
  const known = groupByContact(await otherAddressesOf(tx, connectionId, ids))
  await noteLeaving(
    tx,
    connectionId,
    gone
      .filter((contact) => contact.state === 'live')
      .map((before) => {
        const further = (known.get(before.crmContactId) ?? []).filter(leavesBehind)
        return { before, now: null, leavesPrimary: true, further }
      }),
  )
  await saveOtherAddresses(
    tx,
    connectionId,
    gone.map((c) => c.crmContactId),
    [],
  )
  await saveCrmContacts(
    tx,
    connectionId,
    gone.map((c) => ({ ...c, state: 'deleted', readFrom: window.from, readTo: window.to })),
  )
  const touched = [
    ...gone.map((c) => c.addressId).filter((id) => id !== null),
    ...gone.flatMap((c) => furtherIds(known.get(c.crmContactId) ?? [])),
  ]
  await noteChanges(tx, connectionId, touched, [])
  return { addressIds: touched }
}

/** Takes subscription rows into our copy. */
export async function takeCrmSubscriptions(
  tx: Transaction,
  connectionId: string,
  rows: readonly CrmSubscription[],
  window: ReadWindow,
  listing = false,
): Promise<MirrorChange> {
  const stored = new Map(
    (
      await lockCrmSubscriptions(
        tx,
        connectionId,
        rows.map((r) => r.rowId),
      )
    ).map((r) => [r.rowId, r]),
  )
  const save: StoredCrmSubscription[] = []
  const changedContacts: string[] = []
  const doubtfulContacts: string[] = []
  for (const read of uniqueBy(rows, (r) => r.rowId)) {
    const before = stored.get(read.rowId)
    const row = withWhatWasKnown(read, before)
    if (row === null) {
      continue
    }
    const same =
      before?.version === row.version &&
      before.crmContactId === row.contactId &&
      // Its category may have become known since.
      (before.categoryId === row.categoryId || row.categoryId === null) &&
      // What was not to be read may be now, in the same version.
      (before.subscribed === row.subscribed || row.subscribed === null)
    if (same && !listing) {
      continue
    }
    const order = before ? judge({ from: before.readFrom, to: before.readTo }, window) : 'newer'
    if (order === 'older') {
      continue
    }
    save.push({
      rowId: row.rowId,
      crmContactId: row.contactId,
      categoryId: row.categoryId,
      subscribed: row.subscribed,
      version: row.version,
      foreign: row.foreign,
      readFrom: window.from,
      readTo: window.to,
    })
    if (same) {
      continue
    }
    changedContacts.push(row.contactId, ...(before ? [before.crmContactId] : []))
    if (order === 'overlapping') {
      doubtfulContacts.push(row.contactId)
    }
  }
  const sameAsEver = listing || save.length === 0
  const left = sameAsEver ? [] : await rowsThatLeft(tx, connectionId, save, stored, window)
  await noteLeavingRows(tx, connectionId, left)
  await saveCrmSubscriptions(tx, connectionId, save)
  const touched = await addressesOfCrmContacts(tx, connectionId, changedContacts)
  const doubtful = await addressesOfCrmContacts(tx, connectionId, doubtfulContacts)
  await noteChanges(tx, connectionId, [...touched, ...left.map((row) => row.addressId)], doubtful)
  return { addressIds: touched }
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
 * to have left: both may have come as one, the contact first.
 */
async function rowsThatLeft(
  tx: Transaction,
  connectionId: string,
  read: readonly StoredCrmSubscription[],
  stored: ReadonlyMap<string, StoredCrmSubscription>,
  window: ReadWindow,
): Promise<LeavingRow[]> {
  const ids = read.flatMap((row) => [row, stored.get(row.rowId) ?? row].map((r) => r.crmContactId))
  const contacts = new Map(
    (await crmContactsOf(tx, connectionId, [...new Set(ids)])).map((c) => [c.crmContactId, c]),
  )
  return read.flatMap((row): LeavingRow[] => {
    const before = stored.get(row.rowId)
    const now = contacts.get(row.crmContactId)
    const then = contacts.get((before ?? row).crmContactId)
    const home = then?.addressId ?? null
    if (before && home !== null && home !== now?.addressId) {
      return [before, row].map((one) => ({ addressId: home, row: one }))
    }
    const { leftWith } = before ?? {}
    if (leftWith && leftWith.tick > window.from) {
      return [{ addressId: leftWith.from, row }]
    }
    return home !== null && then?.state !== 'live' ? [{ addressId: home, row }] : []
  })
}

/** Notes subscription rows that no longer exist: neither a Yes nor a No; they are written again (D3). */
export async function takeDeletedCrmSubscriptions(
  tx: Transaction,
  connectionId: string,
  rowIds: readonly string[],
): Promise<MirrorChange> {
  if (rowIds.length === 0) {
    return { addressIds: [] }
  }
  const rows = await lockCrmSubscriptions(tx, connectionId, rowIds)
  const homes = new Map(
    (await crmContactsOf(tx, connectionId, [...new Set(rows.map((r) => r.crmContactId))])).map(
      (contact) => [contact.crmContactId, contact.addressId],
    ),
  )
  await noteLeavingRows(
    tx,
    connectionId,
    rows.flatMap((row) => {
      const addressId = homes.get(row.crmContactId) ?? null
      return addressId === null ? [] : [{ addressId, row }]
    }),
  )
  const contacts = await removeCrmSubscriptions(tx, connectionId, rowIds)
  const touched = await addressesOfCrmContacts(tx, connectionId, contacts)
  await noteChanges(tx, connectionId, touched, [])
  return { addressIds: touched }
}

/** Marks due, notes doubt, and notes where the last live record of a linked address left or one came (G8). */
async function noteChanges(
  tx: Transaction,
  connectionId: string,
  touched: readonly number[],
  doubtful: readonly number[],
): Promise<void> {
  if (touched.length === 0) {
    return
  }
  await markDue(tx, touched)
  await markCrmDoubtful(tx, [...new Set(doubtful)])
  // Scalar sub-queries with LIMIT go by the index, one look-up an address; EXISTS inside CASE would be hashed, which reads
  // the whole table once a batch.
  await tx.query(
    `UPDATE addresses a SET crm_ended_at = n.ended_at
      FROM (SELECT t.address_id, CASE
            WHEN (SELECT true FROM crm_contacts c WHERE c.address_id = t.address_id AND c.state = 'live' LIMIT 1) THEN NULL
            WHEN (SELECT true FROM crm_other_addresses o WHERE o.address_id = t.address_id AND NOT o.deny_only LIMIT 1) THEN NULL
            WHEN t.ever_linked THEN COALESCE(t.crm_ended_at, clock_timestamp()) END AS ended_at
          FROM addresses t WHERE t.address_id = ANY($1) AND t.connection_id = $2) n
      WHERE a.address_id = n.address_id AND a.crm_ended_at IS DISTINCT FROM n.ended_at`,
    [touched, connectionId],
  )
}

function groupByContact<T extends { readonly crmContactId: string }>(
  items: readonly T[],
): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    groups.set(item.crmContactId, [...(groups.get(item.crmContactId) ?? []), item])
  }
  return groups
}

function uniqueBy<T>(items: readonly T[], key: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [key(item), item])).values()]
}
