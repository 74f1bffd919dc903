import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { readManyStates, walkPage } from '../../emarketeer/index.js'
import { FittingPages } from '../../http/index.js'
import { moveCursor, continueLoad, endLoad, startLoad } from '../../ledger/connection/cursors.js'
import {
  addressesOfEmarketeerContacts,
  contactsNotWalked,
  markAllEmarketeerUnread,
  markEmarketeerUnread,
  removeEmarketeerContacts,
} from '../../ledger/copy/emarketeer-mirror.js'
import { nextTick } from '../../ledger/db/database.js'
import { idPages } from '../../ledger/db/id-pages.js'
import { oneAhead } from './one-ahead.js'
import { upsertStates, noteUnreadable } from './upsert-states.js'
import type { SyncSession } from '../../connection/session.js'

const WALK_PAGE_SIZE = 1_000
const LOOK_AGAIN_MS = 1_000

/**
 * Loads eMarketeer's complete state into the copy: first a cursor, then a walk over all contacts, then the feed from
 * that cursor (docs/wire-emarketeer.md, EM-B2). This is done for the first load and after a cursor has expired. The
 * contacts of an account without CRM are not walked: its sendouts read their own contacts.
 *
 * One loader works at a time; others wait a moment and check again. The cursor is stored at the end, so a killed load
 * starts from the beginning.
 */
export async function loadEmarketeer(session: SyncSession): Promise<void> {
  const { connectionId, crm } = session.connection
  const token = randomUUID()
  if (!(await startLoad(session.db, connectionId, token))) {
    session.heartbeat({ done: 0, total: null })
    await sleep(LOOK_AGAIN_MS, undefined, { signal: session.call.signal })
    return
  }
  try {
    const provenAt = new Date()
    const tick = await nextTick(session.db)
    const start = await session.emarketeer.changes(
      { position: { from: 'now' }, limit: 1 },
      session.call,
    )
    if (start.status !== 'page') {
      throw new Error('eMarketeer refused to start the feed at the present')
    }
    if (crm === 'none') {
      // Without a walk, everything that was read before the gap may be outdated.
      await session.db.transaction((tx) => markAllEmarketeerUnread(tx, connectionId))
    } else {
      await walk(session, token)
      await dropVanished(session, token, tick)
    }
    await moveCursor(session.db, {
      connectionId,
      side: 'emarketeer',
      expected: null,
      next: start.nextCursor,
      provenTick: null,
      provenAt,
    })
  } finally {
    await endLoad(session.db, connectionId, token)
  }
}

async function walk(session: SyncSession, token: string): Promise<void> {
  const { connectionId } = session.connection
  let done = 0
  for await (const { page, tick } of oneAhead(pagesOf(session))) {
    await session.db.transaction(async (tx) => {
      await continueLoad(tx, connectionId, token)
      await upsertStates(tx, connectionId, page.items, tick, { overlaps: true })
    })
    await noteUnreadable(session, page.unreadable, tick)
    done += page.items.length
    session.heartbeat({ done, total: page.total })
  }
}

/** The pages of the walk, each with a tick taken before its request. */
async function* pagesOf({ db, emarketeer, call }: SyncSession) {
  const pages = new FittingPages('emarketeer', WALK_PAGE_SIZE)
  let cursor: string | null = null
  do {
    const tick = await nextTick(db)
    const page: WalkedPage = await walkPage(emarketeer, cursor, pages, call)
    yield { page, tick }
    cursor = page.nextCursor
    pages.follow(cursor, 'GET /states')
  } while (cursor !== null)
}

type WalkedPage = Awaited<ReturnType<typeof walkPage>>

/**
 * Removes contacts that the walk did not find. Each is requested first, because a missing mention proves nothing (F3).
 */
async function dropVanished(session: SyncSession, token: string, tick: number): Promise<void> {
  const { db, connection, emarketeer, call } = session
  const { connectionId } = connection
  const absent = idPages((after) =>
    contactsNotWalked(db, connectionId, tick, after, WALK_PAGE_SIZE),
  )
  for await (const page of absent) {
    const contactIds = page.map(({ id }) => id)
    const { missing } = await readManyStates(emarketeer, { contactIds }, 'consents', call)
    await db.transaction(async (tx) => {
      await continueLoad(tx, connectionId, token)
      const places = await addressesOfEmarketeerContacts(tx, connectionId, contactIds)
      await removeEmarketeerContacts(tx, connectionId, missing)
      await markEmarketeerUnread(tx, places)
    })
  }
}
