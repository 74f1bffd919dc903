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

/** Most ids of one direct reading. */
const MAX_IDS = 1_000

/** Reads these CRM contacts by id into the copy; missing ones are stored as deleted. */
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
 * Reads every CRM record at these addresses: records that have the address now, primary or secondary, and records that
 * the copy places there. Afterwards the addresses are fresh and free of doubt, unless an unidentified record may be
 * there.
 * @param addressIds at most 1,000. @param contactIds further records to read, wherever they are.
 * @returns addresses still in doubt.
 */
export async function readCrmAt(
  session: SyncSession,
  addressIds: readonly number[],
  contactIds: readonly string[] = [],
): Promise<readonly number[]> {
  if (addressIds.length === 0) {
    await readCrmContacts(session, contactIds)
    return []
  }
  const { connectionId } = session.connection
  await assertMaySync(session.db, session)
  // A text that is not an address links no record: records that mention it are read by id.
  const emails = (await addressTexts(session.db, addressIds)).filter(
    (text) => addressKey(text) !== null,
  )
  const believed = await crmContactsBelievedAt(session.db, connectionId, addressIds)
  const from = await nextTick(session.db)
  const atAddress = await readNow(session, { by: 'email', emails }, null, from)
  const answered = new Set(atAddress.contacts.map((contact) => contact.contactId))
  const absent = [...new Set([...believed, ...contactIds])].filter((id) => !answered.has(id))
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
    return doubtAddresses(tx, connectionId, atAddress.unknownEmails ?? [])
  })
}

/**
 * Marks addresses with an unidentified record as doubtful. That record may deny, so they stay in doubt and every pass
 * reads them.
 */
export async function doubtAddresses(
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

/** A direct reading, and the known subscription rows that no longer exist. */
interface DirectReading extends CrmReading {
  readonly goneRowIds: readonly string[]
}

/**
 * @param asked the contacts that it asks for; null: those in the answer.
 * @param from the tick before it began. Rows that entered the copy later are not requested.
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
 * Known rows of the contacts that the reading lacks. If we may not read the rows' contact column, a query by contact
 * misses existing rows. A missing mention is not a deletion (F3), so each row is requested by its id.
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
 * Reads from the CRM. Once it denies us access to columns, rows read shortly before may show null in place of an
 * answer, and no delta repeats them. So the cursor is dropped, and everything is listed again once the columns are
 * readable.
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
