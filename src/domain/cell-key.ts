import { PURPOSES, type Purpose } from './legal-basis.js'

/**
 * Subject of a cell: a purpose, or one subscription category.
 *
 * A *cell* is one e-mail address times one of these (docs/reconciliation.md). As text it is `marketingSendouts`,
 * `storeAndProcess`, or `category:<eMarketeer's category id>`.
 */
export type CellKey = Purpose | `category:${string}`

/** The cell of a subscription category. */
export function categoryCell(categoryId: string): CellKey {
  return `category:${categoryId}`
}

/** The category id of a subscription cell; null for a purpose. */
export function categoryIdOf(key: CellKey): string | null {
  return key.startsWith('category:') ? key.slice('category:'.length) : null
}

/** Whether the cell is a purpose. */
export function isPurposeCell(key: CellKey): key is Purpose {
  return (PURPOSES as readonly string[]).includes(key)
}
