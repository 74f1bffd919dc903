import { chunksOf } from '../../domain/lists.js'
import {
  type CrmReading,
  type CrmReadRequest,
  type CrmSubscription,
  CrmColumnsClosed,
} from '../../crm/crm.js'
import { addressKey } from '../../domain/email-address.js'
import { recordAddresses } from '../../domain/record-addresses.js'
import { addressTexts, markCrmDoubtful, markCrmRead } from '../../ledger/address/address-rows.js'
import { ensureAddresses } from '../../ledger/address/addresses.js'
import {
  upsertCrmContacts,
  upsertCrmSubscriptions,
  noteDeletedCrmContacts,
  noteDeletedCrmSubscriptions,
} from './upsert-crm.js'
import { crmSubscriptionsOf, crmContactsBelievedAt } from '../../ledger/copy/crm-mirror-rows.js'
import { type Transaction, nextTick } from '../../ledger/db/database.js'
import type { ReadWindow } from '../../domain/read-window.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { assertMaySync } from '../../connection/permissions.js'
import { dropCrmCursor } from '../../ledger/connection/cursors.js'

/** Most ids that one direct reading takes. */
const MAX_IDS = 1_000

/** Reads these CRM contacts by their ids into our copy; those that are gone are noted as deleted. */
export async function readCrmContacts(
  session: SyncSession,
  contactIds: readonly string[],
): Promise<void> {
  if (contactIds.length === 0) {
    return
  }
  const from = await nextTick(session.db)
  const reading = await readNow(session, { by: 'contactId', contactIds }, contactIds, from)
  const window = { from, to: await nextTick(session.db) }
  await session.db.transaction((tx) => storeReading(tx, session, reading, window))
}

/**
 * Reads every CRM record at these addresses directly: those that have the address now, primary or further, and those that
 * we believe to have it. Afterwards the addresses are as fresh as this reading, and free of doubt, but for those at which
 * somebody may be who cannot be made out.
 * @param addressIds at most 1,000. @returns those that are in doubt still.
 */
export async function readCrmAt(
  session: SyncSession,
  addressIds: readonly number[],
): Promise<readonly number[]> {
  if (addressIds.length === 0) {
    return []
  }
  const { connectionId } = session.connection
  await assertMaySync(session.db, session)
  // No record is at a text that is no address: those that mention it are read by what they are believed to be.
  const emails = (await addressTexts(session.db, addressIds)).filter(
    (text) => addressKey(text) !== null,
  )
  const believed = await crmContactsBelievedAt(session.db, connectionId, addressIds)
  const from = await nextTick(session.db)
  const atAddress = await readNow(session, { by: 'email', emails }, null, from)
  const answered = new Set(atAddress.contacts.map((contact) => contact.contactId))
  const absent = believed.filter((id) => !answered.has(id))
  const readings = [atAddress]
  for (const contactIds of chunksOf(absent, MAX_IDS)) {
    readings.push(await readNow(session, { by: 'contactId', contactIds }, contactIds, from))
  }
  const window = { from, to: await nextTick(session.db) }
  return session.db.transaction(async (tx) => {
    for (const reading of readings) {
      await storeReading(tx, session, reading, window)
    }
    await markCrmRead(tx, addressIds, window)
    return doubtUntold(tx, connectionId, atAddress.untoldEmails ?? [])
  })
}

/** What cannot be made out at an address may be anybody's answer there: it stays unknown, and is read with every pass. */
export async function doubtUntold(
  tx: Transaction,
  connectionId: string,
  emails: readonly string[],
): Promise<readonly number[]> {
  const fields = { email: null, otherEmails: [], denyOnlyEmails: emails }
  const keys = recordAddresses(fields).denyOnly
  const ids = [...(await ensureAddresses(tx, connectionId, keys)).values()]
  await markCrmDoubtful(tx, ids)
  return ids
}

/** A direct reading, and which subscription rows that we knew are gone. */
interface DirectReading extends CrmReading {
  readonly goneRowIds: readonly string[]
}

/**
 * @param asked the contacts that it is about; null: those that are answered.
 * @param from the tick before it began: rows that came into our copy since then are not asked for.
 */
async function readNow(
  session: SyncSession,
  request: CrmReadRequest,
  asked: readonly string[] | null,
  from: number,
): Promise<DirectReading> {
  const crm = requireCrm(session).client
  const reading = await readingCrm(session, () => crm.read(request, session.call))
  const contactIds = asked ?? reading.contacts.map((contact) => contact.contactId)
  const unfound = await unfoundRows(session, reading, contactIds, from)
  const found: CrmSubscription[] = []
  for (const ids of chunksOf(unfound, MAX_IDS)) {
    found.push(...(await readingCrm(session, () => crm.readSubscriptions!(ids, session.call))))
  }
  const there = new Set(found.map((row) => row.rowId))
  return {
    ...reading,
    subscriptions: [...reading.subscriptions, ...found],
    goneRowIds: unfound.filter((id) => !there.has(id)),
  }
}

/**
 * Rows of the contacts that we know and that the reading lacks. Where the column of their contact is closed to us they are
 * not found by it, and are there all the same: not being mentioned deletes nothing (F3), so each is asked for.
 */
async function unfoundRows(
  session: SyncSession,
  { subscriptions }: CrmReading,
  contactIds: readonly string[],
  from: number,
): Promise<readonly string[]> {
  const { capabilities, client: crm } = requireCrm(session)
  if (!capabilities.subscriptions || crm.readSubscriptions === undefined) {
    return []
  }
  const present = new Set(subscriptions.map((row) => row.rowId))
  const { connectionId } = session.connection
  const known = await crmSubscriptionsOf(session.db, connectionId, contactIds)
  return known
    .filter(({ rowId, readTo }) => !present.has(rowId) && readTo < from)
    .map(({ rowId }) => rowId)
}

/** Stores a direct reading in our copy. */
async function storeReading(
  tx: Transaction,
  session: SyncSession,
  reading: DirectReading,
  window: ReadWindow,
): Promise<void> {
  const { connectionId } = session.connection
  await upsertCrmContacts(tx, connectionId, reading.contacts, window)
  await noteDeletedCrmContacts(tx, connectionId, reading.missingContactIds, window)
  if (requireCrm(session).capabilities.subscriptions) {
    await upsertCrmSubscriptions(tx, connectionId, reading.subscriptions, window)
    await noteDeletedCrmSubscriptions(tx, connectionId, reading.goneRowIds)
  }
}

/**
 * Reads from the CRM. Where it closes columns to us, what was read between that and now may show null for an answer, and
 * no delta tells those rows again once the columns are open: so the cursor is dropped, and everything is listed then.
 */
export async function readingCrm<T>(session: SyncSession, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof CrmColumnsClosed) {
      await dropCrmCursor(session.db, session.connection.connectionId)
    }
    throw error
  }
}
