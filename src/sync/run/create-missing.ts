import { chunksOf } from '../../domain/lists.js'
import { isValidEmail } from '../../domain/email-address.js'
import { MAX_UPSERTS, type PublicContacts } from '../../emarketeer/index.js'
import { UpstreamError } from '../../http/index.js'
import { addressRows, type AddressRow } from '../../ledger/address/address-rows.js'
import { dueLater } from '../../ledger/address/addresses.js'
import { liveCrmContactsAt } from '../../ledger/copy/crm-mirror-rows.js'
import { markEmarketeerUnread } from '../../ledger/copy/emarketeer-mirror.js'
import type { SyncSession } from '../../connection/session.js'
import { type BatchOptions, addCounts, type SyncCounts } from '../pass/batch.js'
import { syncAddresses } from './sync-addresses.js'

/** How soon a creation that failed is tried again at the earliest. */
const AGAIN_MS = 10 * 60_000

/** Syncs addresses, creates the contacts that eMarketeer lacks, and syncs those. @throws what {@link syncAddresses} does. */
export async function syncAndCreateMissing(
  session: SyncSession,
  addressIds: readonly number[],
  options: BatchOptions,
): Promise<SyncCounts> {
  const { counts } = await syncAddresses(session, addressIds, options)
  const created = await createMissingContacts(session, addressIds)
  const more = await syncAddresses(session, created, { ...options, reading: 'direct' })
  return addCounts(counts, more.counts)
}

/**
 * Creates in eMarketeer the CRM contacts that it lacks, where the connection asks for it (rule E7); otherwise nothing
 * is ever created, and nobody who was deleted there is created again. Only the address is given: it starts with consent `none`, or withdrawn if suppressed.
 * The public API has a key and limits of its own: where it fails nobody else's sync, and no sendout, waits for it, and
 * the contacts are tried again later.
 * @returns addresses that have a contact now, to be synced.
 */
async function createMissingContacts(
  session: SyncSession,
  addressIds: readonly number[],
): Promise<readonly number[]> {
  const { publicContacts } = session
  if (!publicContacts) {
    return []
  }
  const inCrm = new Set(
    (await liveCrmContactsAt(session.db, addressIds)).map((contact) => contact.addressId),
  )
  const rows = (await addressRows(session.db, addressIds)).filter(
    (row) =>
      !row.everInEmarketeer &&
      !row.emarketeerUnread &&
      inCrm.has(row.addressId) &&
      isValidEmail(row.address),
  )
  const created: number[] = []
  for (const part of chunksOf(rows, MAX_UPSERTS)) {
    const failure = await failureOf(session, publicContacts, part)
    if (failure !== null) {
      const left = rows.slice(created.length).map((row) => row.addressId)
      const afterMs = Math.max(AGAIN_MS, (failure.retryAfterSeconds ?? 0) * 1_000)
      await dueLater(session.db, left, afterMs)
      session.log.warn(
        { code: failure.code, count: left.length, err: failure },
        'contacts could not be created in eMarketeer; they are tried again later',
      )
      break
    }
    const ids = part.map((row) => row.addressId)
    await session.db.transaction((tx) => markEmarketeerUnread(tx, ids))
    created.push(...ids)
  }
  return created
}

async function failureOf(
  session: SyncSession,
  publicContacts: PublicContacts,
  rows: readonly AddressRow[],
): Promise<UpstreamError | null> {
  try {
    await publicContacts.upsert(
      rows.map((row) => ({ email: row.address })),
      session.call,
    )
    return null
  } catch (error) {
    if (error instanceof UpstreamError && error.code !== 'upstream_cancelled') {
      return error
    }
    throw error
  }
}
