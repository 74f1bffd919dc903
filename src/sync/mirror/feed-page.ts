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
import { isPositive } from '../../domain/legal-basis.js'

/** eMarketeer's latest value of one cell within a page of the feed, and the acts on the way to it. */
export interface CellChange extends Omit<EmarketeerValue, 'addressId'> {
  readonly address: string
}

/** What a page of the feed comes to, folded: last value per cell, last address per contact. */
export interface FoldedPage {
  readonly cells: readonly CellChange[]
  /** Contact → its place now; null: it has no address. */
  readonly contacts: ReadonlyMap<string, SpelledAddress | null>
  readonly deletedContactIds: readonly string[]
  /** Addresses whose state must be read, because a contact came, left or moved. */
  readonly unreadAddresses: ReadonlySet<string>
  /** Contacts of items that could not be read. */
  readonly unreadableContactIds: readonly string[]
  /** An item that could not be read named nobody: only a walk over everything finds what changed. */
  readonly walkNeeded: boolean
  readonly categoriesChanged: boolean
}

/**
 * Folds a page of eMarketeer's feed (docs/wire-emarketeer.md, EM-B2). Items come in commit order, so the last one of a
 * cell is its value; acts by people are kept apart from it, since our own echo may be the last.
 */
export function foldFeedPage(items: readonly FeedItem[]): FoldedPage {
  const cells = new Map<string, CellChange>()
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
  for (const item of items) {
    switch (item.type) {
      case 'consent.changed':
        if (item.purpose !== 'profiling') {
          foldCell(cells, item, item.purpose, item.after.legalBasis, item.after.version)
        }
        break
      case 'subscription.changed': {
        const basis = item.after.subscribed ? 'consent' : 'withdrawn'
        foldCell(cells, item, categoryCell(item.categoryId), basis, item.after.version)
        break
      }
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
        unreadable.push(...item.contactIds)
        walkNeeded ||= item.contactIds.length === 0 && item.reason !== 'other_account'
        break
    }
  }
  return {
    cells: [...cells.values()],
    contacts,
    deletedContactIds: [...deleted],
    unreadAddresses: unread,
    unreadableContactIds: unreadable,
    walkNeeded,
    categoriesChanged,
  }
}

type ValueItem = Extract<FeedItem, { type: 'consent.changed' | 'subscription.changed' }>

function foldCell(
  cells: Map<string, CellChange>,
  item: ValueItem,
  cellKey: CellKey,
  basis: ReadLegalBasis,
  version: number,
): void {
  const address = addressOrText(item.email)
  if (address === null) {
    return // All its contacts are deleted since; their own items follow.
  }
  const key = `${address} ${cellKey}`
  const earlier = cells.get(key)
  const byPerson = !isOwnEcho(item) && !isCrmSource(item.source)
  const { positiveActMs, denyActMs } = byPerson ? actTimesOf(basis, item) : NOBODYS_ACT
  cells.set(key, {
    address,
    cellKey,
    basis,
    version,
    eventAtMs: item.eventTimeMs,
    recordedAtMs: item.recordedAtMs,
    source: item.source,
    actor: actorText(item.actor),
    positiveActMs: latest(earlier?.positiveActMs, positiveActMs),
    denyActMs: latest(earlier?.denyActMs, denyActMs),
  })
}

/** The later of two moments, either of which may be unknown. */
function latest(a: number | null | undefined, b: number | null): number | null {
  if (a === null || a === undefined) {
    return b
  }
  return b === null ? a : Math.max(a, b)
}

/** Who acted, as kept in the ledger: type and id, never the name. */
export function actorText(actor: { type: string; id: string | null } | null): string | null {
  return actor === null ? null : actor.id === null ? actor.type : `${actor.type}:${actor.id}`
}

/** Between which moments a person's act in eMarketeer counts, Unix ms; null: not such an act, or not told when. */
export interface ActTimes {
  readonly positiveActMs: number | null
  readonly denyActMs: number | null
}

/** The present value is nobody's act: a default, or what a CRM wrote. */
export const NOBODYS_ACT: ActTimes = { positiveActMs: null, denyActMs: null }

/**
 * When a person set this basis in eMarketeer, as far as it may count: a positive one at the earliest that it may have been, a
 * deny at the latest. `eventTime` is whoever recorded it's own, and may lie up to five minutes ahead (docs/wire-emarketeer.md):
 * a consent counted by that would be later than an opt-out that came after it.
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
