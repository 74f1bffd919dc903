import type { CellKey } from '../../../domain/cell-key.js'
import { namedBy } from '../../../ledger/copy/address-mentions.js'
import type { Queryable } from '../../../ledger/db/database.js'
import { loadBatch } from '../../view/observe.js'
import type { AddressView } from '../../view/address-view.js'

/** The addresses that are named in texts of eMarketeer's address fields, as our copy holds them (rule A). */
export interface NamedViews {
  readonly addressIds: readonly number[]
  /** Those that one text names; none of what is an address itself. */
  readonly namedAt: (textId: number) => readonly AddressView[]
}

/** Loads what these addresses name, as far as they are texts. @param cellKeys cells that matter; null: all. */
export async function loadNamed(
  db: Queryable,
  connectionId: string,
  addressIds: readonly number[],
  cellKeys: readonly CellKey[] | null,
): Promise<NamedViews> {
  const named = await namedBy(db, addressIds)
  const ids = [...new Set(named.map(({ addressId }) => addressId))]
  const views = ids.length === 0 ? [] : (await loadBatch(db, connectionId, ids, cellKeys)).addresses
  return {
    addressIds: ids,
    namedAt: (textId) => {
      const own = named.filter((one) => one.textId === textId)
      return views.filter(({ row }) => own.some(({ addressId }) => addressId === row.addressId))
    },
  }
}
