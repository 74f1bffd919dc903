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

/** Least delay before a failed creation is tried again. */
const AGAIN_MS = 10 * 60_000

/**
 * Syncs addresses, creates the contacts that eMarketeer lacks, and then syncs their addresses. @throws as {@link
 * syncAddresses}.
 */
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
 * Creates in eMarketeer the CRM contacts that it lacks, if the connection asks for it (rule E7). A contact that was
 * deleted there is never created again. Only the address is sent: the contact starts with consent `none`, or withdrawn
 * if suppressed. The public API has its own key and limits, so its failure stops no sync and no sendout; creating these
 * contacts is tried again later.
 * @returns addresses that now have a contact, to be synced.
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
