import type { CrmReading, CrmReadRequest } from '../crm/crm.js'
import { addressKey } from '../domain/email-address.js'
import { addressTexts, markCrmRead } from '../ledger/address-rows.js'
import {
  takeCrmContacts,
  takeCrmSubscriptions,
  takeDeletedCrmContacts,
  takeDeletedCrmSubscriptions,
} from '../ledger/crm-mirror.js'
import { crmSubscriptionsOf } from '../ledger/crm-mirror-rows.js'
import type { Queryable } from '../ledger/database.js'
import { nextTick, type ReadWindow } from '../ledger/ticks.js'
import { readingCrm } from './reading-crm.js'
import { requireCrm, type SyncSession } from './session.js'
import { standingOf } from './standing.js'

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
  const reading = await readNow(session, { by: 'contactId', contactIds })
  const window = { from, to: await nextTick(session.db) }
  await session.db.transaction((tx) => takeReading(tx, session, reading, window, contactIds))
}

/**
 * Reads every CRM record at these addresses directly: those that have the address now, primary or further, and those that
 * we believe to have it. Afterwards the addresses are as fresh as this reading, and free of doubt.
 * @param addressIds at most 1,000.
 */
export async function readCrmAt(
  session: SyncSession,
  addressIds: readonly number[],
): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  const { connectionId } = session.connection
  await standingOf(session.db, session)
  // No record is at a text that is no address: those that mention it are read by what they are believed to be.
  const emails = (await addressTexts(session.db, addressIds)).filter(
    (text) => addressKey(text) !== null,
  )
  const believed = await session.db.query<{ id: string }>(
    `SELECT crm_contact_id AS id FROM crm_contacts
        WHERE connection_id = $1 AND address_id = ANY($2) AND state <> 'deleted'
      UNION SELECT crm_contact_id FROM crm_other_addresses WHERE address_id = ANY($2)`,
    [connectionId, addressIds],
  )
  const from = await nextTick(session.db)
  const atAddress = await readNow(session, { by: 'email', emails })
  const answered = new Set(atAddress.contacts.map((contact) => contact.contactId))
  const absent = believed.map((row) => row.id).filter((id) => !answered.has(id))
  const elsewhere: CrmReading[] = []
  for (let at = 0; at < absent.length; at += MAX_IDS) {
    const contactIds = absent.slice(at, at + MAX_IDS)
    elsewhere.push(await readNow(session, { by: 'contactId', contactIds }))
  }
  const window = { from, to: await nextTick(session.db) }
  await session.db.transaction(async (tx) => {
    await takeReading(tx, session, atAddress, window, [...answered])
    for (const reading of elsewhere) {
      await takeReading(tx, session, reading, window, absent)
    }
    await markCrmRead(tx, addressIds, window)
  })
}

function readNow(session: SyncSession, request: CrmReadRequest): Promise<CrmReading> {
  return readingCrm(session, () => requireCrm(session).session.read(request, session.call))
}

/** Takes a direct reading of `asked` contacts; subscription rows of theirs that it lacks are gone. */
async function takeReading(
  tx: Queryable,
  session: SyncSession,
  reading: CrmReading,
  window: ReadWindow,
  asked: readonly string[],
): Promise<void> {
  const { connectionId } = session.connection
  await takeCrmContacts(tx, connectionId, reading.contacts, window)
  await takeDeletedCrmContacts(tx, connectionId, reading.missingContactIds, window)
  if (!requireCrm(session).capabilities.subscriptions) {
    return
  }
  await takeCrmSubscriptions(tx, connectionId, reading.subscriptions, window)
  const present = new Set(reading.subscriptions.map((row) => row.rowId))
  const known = await crmSubscriptionsOf(tx, connectionId, asked)
  // One whose contact cannot be read is not found by its contact either: only the delta says that it is gone.
  const gone = known.filter(
    ({ rowId, readTo, subscribed }) =>
      !present.has(rowId) && readTo < window.from && subscribed !== null,
  )
  await takeDeletedCrmSubscriptions(
    tx,
    connectionId,
    gone.map((row) => row.rowId),
  )
}
