import { readManyStates, type ChangesAnswer, type FeedItem } from '../../emarketeer/index.js'
import { FittingPages, isTooLarge, UpstreamError } from '../../http/index.js'
import { ensureEmarketeerAddresses } from '../../ledger/copy/address-mentions.js'
import { noteDepartedDenies } from '../../ledger/copy/departed-denies.js'
import { undecidedLoosenings } from '../../ledger/evidence/consent-events.js'
import { markDue } from '../../ledger/address/addresses.js'
import { findConnection } from '../../ledger/connection/connections.js'
import { dropCursor, moveCursor } from '../../ledger/connection/cursors.js'
import {
  addressesOfContacts,
  addressesOfEmarketeerContacts,
  markAllEmarketeerUnread,
  markEmarketeerUnread,
  removeEmarketeerContacts,
  markEverInEmarketeer,
  saveEmarketeerContacts,
  spelledTwice,
  upsertEmarketeerValues,
} from '../../ledger/copy/emarketeer-mirror.js'
import { type Transaction, nextTick } from '../../ledger/db/database.js'
import { foldFeedPage, type FoldedPage, type OwnLoosening } from './feed-page.js'
import { loadEmarketeer } from './load-emarketeer.js'
import { syncCategories } from './sync-categories.js'
import { upsertStates, noteUnreadable } from './upsert-states.js'
import type { SyncSession } from '../../connection/session.js'
import { isPurposeCell } from '../../domain/cell-key.js'
import { kindOf } from '../../domain/reconcile/index.js'
import { clockOfDate, clockOfWrite } from '../../domain/clock.js'
import { probeOf, settleProbe } from '../../ledger/copy/crm-times.js'

const PAGE_SIZE = 1_000

/** How often work that waits for another reading of the feed shows that it lives. */
const SIGN_EVERY_MS = 10_000

/**
 * Reads eMarketeer's change feed to its end, so that the copy of its state is exact (docs/sync.md). This takes one
 * request if nothing happened. In one process a connection has one reader at a time, and whoever comes meanwhile shares
 * the next reading, which begins after that. Readers of several processes may run concurrently; the cursor decides whose
 * page counts.
 *
 * @throws UpstreamError from the client; AppError from the database.
 */
export async function catchUpEmarketeer(session: SyncSession): Promise<void> {
  const { feed, call } = session
  if (feed === undefined) {
    return readFeedToEnd(session)
  }
  const signs = setInterval(() => session.heartbeat({ done: 0, total: null }), SIGN_EVERY_MS)
  try {
    await feed.run(() => readFeedToEnd(session), call.signal)
  } finally {
    clearInterval(signs)
  }
}

async function readFeedToEnd(session: SyncSession): Promise<void> {
  let categoriesChanged = false
  let walked = false
  const pages = new FittingPages('emarketeer', PAGE_SIZE)
  for (;;) {
    const { connectionId } = session.connection
    const cursor = (await findConnection(session.db, connectionId))?.emarketeerCursor ?? null
    if (cursor === null) {
      await loadEmarketeer(session)
      walked = true
      continue
    }
    const provenAt = new Date()
    const tick = await nextTick(session.db)
    const answer = await readFeed(session, cursor, pages, walked)
    if (answer.status === 'cursorExpired') {
      await dropCursor(session.db, connectionId, 'emarketeer', cursor)
      continue
    }
    const folded = foldFeedPage(answer.items)
    const stored = await session.db.transaction(async (tx) => {
      const moved = await moveCursor(tx, {
        connectionId,
        side: 'emarketeer',
        expected: cursor,
        next: answer.nextCursor,
        provenTick: answer.hasMore ? null : tick,
        provenAt,
      })
      if (moved) {
        const idOf = await storePage(tx, connectionId, folded, tick)
        await denyUndecided(tx, session, folded.ownLoosenings, idOf)
      }
      return moved
    })
    if (!stored) {
      continue // Another reader stored this page; continue from its cursor.
    }
    pages.follow(answer.hasMore ? answer.nextCursor : null, 'GET /changes')
    await learnFromFeed(session, answer.items)
    await readContacts(session, folded.unreadableContactIds)
    categoriesChanged ||= folded.categoriesChanged
    if (!answer.hasMore) {
      if (categoriesChanged) {
        await syncCategories(session)
      }
      return
    }
  }
}

/**
 * Reads a page. A cursor that eMarketeer refuses, perhaps after a restore, counts as expired, because nothing else
 * would let the connection recover. So does a cursor in front of a single change that is too large for an answer,
 * because no page leads past it. A cursor that was just issued cannot be the cause; then the error is thrown.
 */
async function readFeed(
  session: SyncSession,
  cursor: string,
  pages: FittingPages,
  isFresh: boolean,
): Promise<ChangesAnswer> {
  const { emarketeer, call, log } = session
  try {
    return await pages.read((limit) => emarketeer.changes({ position: { cursor }, limit }, call))
  } catch (error) {
    const why = isTooLarge(error)
      ? 'a change in eMarketeer is too large to be read; all states are read'
      : isRefusedCursor(error)
        ? 'eMarketeer refuses the cursor of its feed; all states are read'
        : null
    if (why === null || isFresh) {
      throw error
    }
    log.warn({ code: (error as UpstreamError).code }, why)
    return { status: 'cursorExpired' }
  }
}

function isRefusedCursor(error: unknown): boolean {
  return error instanceof UpstreamError && error.status === 422 && error.paths.includes('cursor')
}

async function storePage(
  tx: Transaction,
  connectionId: string,
  page: FoldedPage,
  tick: number,
): Promise<ReadonlyMap<string, number>> {
  const addresses = [
    ...page.cells.map((cell) => cell.address),
    ...page.unreadAddresses,
    ...[...page.contacts.values()].flatMap((place) => place?.address ?? []),
  ]
  const idOf = await ensureEmarketeerAddresses(tx, connectionId, [...new Set(addresses)])
  const contactIds = [...page.contacts.keys(), ...page.unreadableContactIds]
  const leftBehind = await addressesOfEmarketeerContacts(tx, connectionId, contactIds)
  const emptied = await removeEmarketeerContacts(tx, connectionId, page.deletedContactIds)
  const placed = [...page.contacts].map(([contactId, place]) => ({
    contactId,
    addressId: place === null ? null : idOf.get(place.address)!,
    spelling: place?.spelling ?? null,
  }))
  await saveEmarketeerContacts(tx, connectionId, placed, tick)
  await markEverInEmarketeer(
    tx,
    placed.flatMap(({ addressId }) => addressId ?? []),
  )
  const strayed = await strayedAddresses(tx, connectionId, page.cells, idOf)
  const values = page.cells
    .map(({ address, contactIds: _, ...cell }) => ({ addressId: idOf.get(address)!, ...cell }))
    .filter(({ addressId, basis }) => !strayed.has(addressId) || basis === 'withdrawn')
  const severalStates = await spelledTwice(tx, [...idOf.values()])
  await upsertEmarketeerValues(
    tx,
    values.filter(({ addressId }) => !severalStates.has(addressId)),
    { replace: false, markDue: true },
  )
  const unread = [...page.unreadAddresses].map((address) => idOf.get(address)!)
  await markEmarketeerUnread(tx, [
    ...new Set([...unread, ...leftBehind, ...emptied, ...severalStates, ...strayed]),
  ])
  if (page.walkNeeded) {
    await markAllEmarketeerUnread(tx, connectionId)
  }
  return idOf
}

/**
 * The addresses that a change names together with a contact that our copy has elsewhere, and these contacts' own: the
 * contact has moved since, or the change gives one person's value under another's address. Both are read, and nothing
 * but a deny counts until then.
 */
async function strayedAddresses(
  tx: Transaction,
  connectionId: string,
  cells: FoldedPage['cells'],
  idOf: ReadonlyMap<string, number>,
): Promise<ReadonlySet<number>> {
  const contactIds = [...new Set(cells.flatMap((cell) => cell.contactIds))]
  const at = await addressesOfContacts(tx, connectionId, contactIds)
  return new Set(
    cells.flatMap((cell) => {
      const named = idOf.get(cell.address)!
      const others = cell.contactIds.map((id) => at.get(id)).filter((id) => id !== named)
      const known = others.filter((id) => id !== undefined)
      return known.length === 0 ? [] : [named, ...known.filter((id) => id !== null)]
    }),
  )
}

/**
 * Notes a deny where a loosening of ours reached an address for which it was not decided: its contact had moved there
 * in the meantime, and the version that guards the write is counted per address, so an opt-out may be overwritten. The
 * deny closes the send gate at once, and the next pass withdraws in eMarketeer.
 */
async function denyUndecided(
  tx: Transaction,
  { connection: { connectionId }, crm }: SyncSession,
  loosenings: readonly OwnLoosening[],
  idOf: ReadonlyMap<string, number>,
): Promise<void> {
  if (crm === null) {
    return // An account without a CRM: nothing is decided, and its sendouts go by eMarketeer alone.
  }
  const undecided = await undecidedLoosenings(
    tx,
    connectionId,
    loosenings.map((own) => ({ ...own, addressId: idOf.get(own.address)! })),
  )
  await noteDepartedDenies(
    tx,
    undecided.map(({ addressId, cellKey, changeId }) => ({
      addressId,
      cellKey,
      record: {
        recordId: `emarketeer:${changeId}`,
        value: kindOf(isPurposeCell(cellKey) ? crm.capabilities.values : 'toggle').deny,
        version: null,
        want: null,
        left: true,
      },
    })),
  )
  await markDue(
    tx,
    undecided.map(({ addressId }) => addressId),
  )
}

/** Reads the contacts of changes that could not be read. Their present state includes what those changes did. */
async function readContacts(session: SyncSession, contactIds: readonly string[]): Promise<void> {
  if (contactIds.length === 0) {
    return
  }
  const tick = await nextTick(session.db)
  const { items, unreadable } = await readManyStates(
    session.emarketeer,
    { contactIds },
    undefined,
    session.call,
  )
  const { connectionId } = session.connection
  await session.db.transaction((tx) => upsertStates(tx, connectionId, items, tick))
  await noteUnreadable(session, unreadable, tick)
}

/** Learns eMarketeer's clock from the recording time of our last write, once the feed shows it. */
async function learnFromFeed(session: SyncSession, items: readonly FeedItem[]): Promise<void> {
  if (session.crm?.capabilities.values !== 'rich' || items.length === 0) {
    return
  }
  const { db, connection } = session
  const probe = await probeOf(db, connection.connectionId)
  const echo = items.find((item) => item.id === probe?.changeId)
  if (probe !== null && echo !== undefined && echo.type !== 'unreadable') {
    const date = session.clock?.emarketeer ?? null
    await settleProbe(db, connection.connectionId, probe, {
      ...clockOfWrite(probe, echo.recordedAtMs),
      measuredAtMs: probe.answeredAtMs,
      date: date && clockOfDate(date),
    })
  }
}
