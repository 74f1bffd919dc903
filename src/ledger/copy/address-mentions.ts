import type { CellKey } from '../../domain/cell-key.js'
import { readAddressField } from '../../domain/email-address.js'
import { addressRows } from '../address/address-rows.js'
import { ensureAddresses } from '../address/addresses.js'
import { cellsOf, type CellRow } from './cells.js'
import type { Queryable, Transaction } from '../db/database.js'

/** A text in eMarketeer's address field that names an address among others or with decoration (rule A). */
export interface AddressMention {
  readonly mentionedAddressId: number
  /** The eMarketeer state of the text's contact is unknown. */
  readonly unread: boolean
  readonly cells: readonly CellRow[]
}

/**
 * The ids of the texts in eMarketeer's address fields; creates the missing ones, and stores the addresses that a text
 * names.
 * @param texts as `addressOrText` returns them, without repeats.
 * @returns text → id, complete.
 */
export async function ensureEmarketeerAddresses(
  tx: Transaction,
  connectionId: string,
  texts: readonly string[],
): Promise<Map<string, number>> {
  const named = texts.flatMap((text) => readAddressField(text).found.map((key) => ({ text, key })))
  // In one step: two writers that each create addresses in two steps could deadlock.
  const keys = named.map(({ key }) => key)
  const idOf = await ensureAddresses(tx, connectionId, [...new Set([...texts, ...keys])])
  if (named.length > 0) {
    await tx.query(
      `INSERT INTO address_mentions (address_id, mentioned_address_id)
        SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS m ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
      [named.map(({ text }) => idOf.get(text)!), keys.map((key) => idOf.get(key)!)],
    )
  }
  return idOf
}

/** The addresses that these texts name; none for a plain address. */
export function namedBy(
  db: Queryable,
  textIds: readonly number[],
): Promise<{ readonly textId: number; readonly addressId: number }[]> {
  return db.query(
    `SELECT address_id AS "textId", mentioned_address_id AS "addressId" FROM address_mentions
      WHERE address_id = ANY($1) ORDER BY 1, 2`,
    [textIds],
  )
}

/** The texts of eMarketeer contacts that name these addresses. @param cellKeys needed cells; null: all. */
export async function mentionsOf(
  db: Queryable,
  addressIds: readonly number[],
  cellKeys: readonly CellKey[] | null,
): Promise<AddressMention[]> {
  const rows = await db.query<{ id: number; addressId: number }>(
    `SELECT mentioned_address_id AS id, address_id AS "addressId" FROM address_mentions
      WHERE mentioned_address_id = ANY($1)`,
    [addressIds],
  )
  if (rows.length === 0) {
    return []
  }
  const texts = [...new Set(rows.map((row) => row.addressId))]
  const had = (await addressRows(db, texts)).filter((row) => row.emarketeerContactId !== null)
  const cells = await cellsOf(db, texts, cellKeys)
  return rows.flatMap(({ id, addressId }) =>
    had
      .filter((row) => row.addressId === addressId)
      .map((row) => ({
        mentionedAddressId: id,
        unread: row.emarketeerUnread,
        cells: cells.filter((cell) => cell.addressId === addressId),
      })),
  )
}
