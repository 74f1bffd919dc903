import type { EmarketeerValue } from '../../ledger/copy/emarketeer-mirror.js'
import { categoryCell, type CellKey } from '../../domain/cell-key.js'
import { addressOrText } from '../../domain/email-address.js'
import {
  isCrmSource,
  isOwnEcho,
  type FeedItem,
  type ReadLegalBasis,
} from '../../emarketeer/index.js'
import { spelledAddressOf, type SpelledAddress } from './spelled-address.js'
import { isPositive, type LegalBasis } from '../../domain/legal-basis.js'

/** eMarketeer's latest value of one cell within a page of the feed, and the times of the acts in that page. */
export interface CellChange extends Omit<EmarketeerValue, 'addressId'> {
  readonly address: string
  /** The contacts that the changes name: all that had the address then. */
  readonly contactIds: readonly string[]
}

/** A positive value that we wrote, which no later act by a person or deny in the page replaces. */
export interface OwnLoosening {
  readonly address: string
  readonly cellKey: CellKey
  readonly basis: LegalBasis
  readonly version: number
  readonly changeId: string
}

/** A folded page: last value per cell, last address per contact. */
export interface FoldedPage {
  readonly cells: readonly CellChange[]
  /** The ledger must know a decision for each at its address (`undecidedLoosenings`). */
  readonly ownLoosenings: readonly OwnLoosening[]
  /** Contact → its address now; null: none. */
  readonly contacts: ReadonlyMap<string, SpelledAddress | null>
  readonly deletedContactIds: readonly string[]
  /** Addresses to read, because a contact joined or left. */
  readonly unreadAddresses: ReadonlySet<string>
  /** Contacts whose state is to be read: those of unreadable items, and of changes that name no address. */
  readonly unreadableContactIds: readonly string[]
  /** Such an item named no contact: only a walk over all contacts finds the change. */
  readonly walkNeeded: boolean
  readonly categoriesChanged: boolean
}

/**
 * Folds a page of eMarketeer's feed (docs/wire-emarketeer.md, EM-B2). Items are in commit order, so a cell's last item
 * is its value. Acts by people are kept apart, because the last item may be an echo of our own write.
 */
export function foldFeedPage(items: readonly FeedItem[]): FoldedPage {
  const cells = new Map<string, CellChange>()
  const ownLoosenings = new Map<string, readonly OwnLoosening[]>()
  const contacts = new Map<string, SpelledAddress | null>()
  const deleted = new Set<string>()
  const unread = new Set<string>()
  const unreadable: string[] = []
  let walkNeeded = false
  let categoriesChanged = false
  const place = (contactId: string | undefined, email: string | null) => {
    const place = spelledAddressOf(email)
    if (contactId !== undefined) {
      contacts.set(contactId, place)
      deleted.delete(contactId)
    }
    if (place !== null) {
      unread.add(place.address)
    }
  }
  const readContactsOf = (item: FeedItem) => {
    unreadable.push(...item.contactIds)
    walkNeeded ||= item.contactIds.length === 0
  }
  const fold = (item: ValueItem, cellKey: CellKey, basis: ReadLegalBasis) => {
    const address = addressOrText(item.email)
    if (address === null) {
      readContactsOf(item) // eMarketeer hides the address of deleted contacts; one that lives has its state read.
    } else {
      const value = { address, cellKey, basis }
      foldCell(cells, item, value)
      foldOwn(ownLoosenings, item, value)
    }
  }
  for (const item of items) {
    switch (item.type) {
      case 'consent.changed':
        if (item.purpose !== 'profiling') {
          fold(item, item.purpose, item.after.legalBasis)
        }
        break
      case 'subscription.changed':
        fold(item, categoryCell(item.categoryId), item.after.subscribed ? 'consent' : 'withdrawn')
        break
      case 'contact.created':
        place(item.contactIds[0], item.email)
        break
      case 'contact.email_changed':
        place(undefined, item.oldEmail)
        place(item.contactIds[0], item.newEmail)
        break
      case 'contact.deleted':
        item.contactIds.forEach((id) => {
          contacts.delete(id)
          deleted.add(id)
        })
        break
      case 'category.created':
      case 'category.renamed':
      case 'category.archived':
        categoriesChanged = true
        break
      case 'unreadable':
        readContactsOf(item)
        break
    }
  }
  return {
    cells: [...cells.values()],
    ownLoosenings: [...ownLoosenings.values()].flat(),
    contacts,
    deletedContactIds: [...deleted],
    unreadAddresses: unread,
    unreadableContactIds: unreadable.filter((id) => !deleted.has(id)),
    walkNeeded,
    categoriesChanged,
  }
}

type ValueItem = Extract<FeedItem, { type: 'consent.changed' | 'subscription.changed' }>

/** What an item says of one cell. */
type FeedValue = Pick<CellChange, 'address' | 'cellKey' | 'basis'>

function keyOf({ address, cellKey }: FeedValue): string {
  return `${address} ${cellKey}`
}

function foldCell(cells: Map<string, CellChange>, item: ValueItem, value: FeedValue): void {
  const key = keyOf(value)
  const earlier = cells.get(key)
  const byPerson = !isOwnEcho(item) && !isCrmSource(item.source)
  const { positiveActMs, denyActMs } = byPerson ? actTimesOf(value.basis, item) : NOBODYS_ACT
  cells.set(key, {
    ...value,
    contactIds: [...new Set([...(earlier?.contactIds ?? []), ...item.contactIds])],
    version: item.after.version,
    eventAtMs: item.eventTimeMs,
    recordedAtMs: item.recordedAtMs,
    source: item.source,
    actor: actorText(item.actor),
    positiveActMs: latest(earlier?.positiveActMs, positiveActMs),
    denyActMs: latest(earlier?.denyActMs, denyActMs),
  })
}

/** A later person's act, or a deny by anybody, ends what our earlier writes did. */
function foldOwn(
  loosenings: Map<string, readonly OwnLoosening[]>,
  item: ValueItem,
  value: FeedValue,
): void {
  const key = keyOf(value)
  const { basis } = value
  if (isOwnEcho(item) && basis !== 'unreadable' && isPositive(basis)) {
    const own = { ...value, basis, version: item.after.version, changeId: item.id }
    loosenings.set(key, [...(loosenings.get(key) ?? []), own])
  } else if (!isCrmSource(item.source) || basis === 'withdrawn') {
    loosenings.delete(key)
  }
}

/** The later of two moments. null or undefined: unknown. */
function latest(a: number | null | undefined, b: number | null): number | null {
  if (a === null || a === undefined) {
    return b
  }
  return b === null ? a : Math.max(a, b)
}

/** The actor as the ledger stores it: type and id, never the name. */
export function actorText(actor: { type: string; id: string | null } | null): string | null {
  return actor === null ? null : actor.id === null ? actor.type : `${actor.type}:${actor.id}`
}

/** When a person acted in eMarketeer, Unix ms; null: no such act, or its time is unknown. */
export interface ActTimes {
  readonly positiveActMs: number | null
  readonly denyActMs: number | null
}

/** For a default, or a value that a CRM wrote. */
export const NOBODYS_ACT: ActTimes = { positiveActMs: null, denyActMs: null }

/**
 * When a person set this basis in eMarketeer, on the safe side: the earliest moment of a positive basis, the latest of
 * a deny. The `eventTime` comes from the source of the act and may be up to five minutes ahead
 * (docs/wire-emarketeer.md). By that time a consent could seem later than an opt-out that followed it.
 */
export function actTimesOf(
  basis: ReadLegalBasis,
  told: { readonly eventTimeMs: number | null; readonly recordedAtMs: number | null },
): ActTimes {
  const { eventTimeMs, recordedAtMs } = told
  if (basis === 'unreadable') {
    return NOBODYS_ACT
  }
  return isPositive(basis)
    ? {
        positiveActMs:
          eventTimeMs === null ? null : Math.min(eventTimeMs, recordedAtMs ?? eventTimeMs),
        denyActMs: null,
      }
    : { positiveActMs: null, denyActMs: Math.max(eventTimeMs ?? 0, recordedAtMs ?? 0) }
}
