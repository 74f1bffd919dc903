import { permitsOf } from '../../domain/connection-state.js'
import {
  categoriesArePending,
  categoriesOf,
  fillDefaultCells,
  markAllLinkedDue,
  markCategoriesInCrm,
  saveCategories,
} from '../../ledger/copy/categories.js'
import { saveForeignCategories } from '../../ledger/connection/crm-notices.js'
import { maskAddresses } from '../../telemetry/mask-addresses.js'
import type { SyncSession } from '../../connection/session.js'

export interface CategoriesReport {
  readonly categories: number
  /**
   * Names of categories that someone added in the CRM. They are reported and ignored (D3). The names contain no
   * addresses.
   */
  readonly foreign: readonly string[]
}

/**
 * Brings eMarketeer's subscription categories to the CRM (D3). Categories are created in eMarketeer only. The CRM
 * follows when one is renamed or archived. The id is the key. A new category needs a row for every contact, so all
 * linked addresses become due.
 */
export async function syncCategories(session: SyncSession): Promise<CategoriesReport> {
  const { connectionId } = session.connection
  const categories = await session.emarketeer.categories({ includeArchived: true }, session.call)
  await session.db.transaction(async (tx) => {
    for (const categoryId of await saveCategories(tx, connectionId, categories)) {
      await fillDefaultCells(tx, connectionId, categoryId)
    }
  })
  const { crm, connection } = session
  // A disabled connection only decides sendouts that are in progress. These read eMarketeer and write nothing (C8).
  const goesOn = permitsOf(connection).goesOn.includes(session.run.trigger)
  const writes = connection.subscriptionSync && goesOn
  if (!crm?.capabilities.subscriptions || !writes) {
    return { categories: categories.length, foreign: [] }
  }
  const pending = await categoriesArePending(session.db, connectionId)
  const stored = await categoriesOf(session.db, connectionId)
  const found = await crm.client.syncCategories(stored, session.call)
  const foreign = found.foreign.map(shownName)
  await saveForeignCategories(session.db, connectionId, foreign)
  if (foreign.length > 0) {
    session.log.warn(
      { connectionId, count: foreign.length },
      'categories were added in the CRM; they are ignored, create them in eMarketeer',
    )
  }
  if (pending) {
    await session.db.transaction(async (tx) => {
      await markCategoriesInCrm(tx, connectionId)
      await markAllLinkedDue(tx, connectionId)
    })
  }
  return { categories: stored.length, foreign }
}

/**
 * A name as it may appear in a status. It is free text, so it is shortened, and addresses and control characters are
 * removed.
 */
function shownName(name: string): string {
  return shorten(maskAddresses(name.replace(/\p{C}+/gu, ' ')).trim())
}

const MAX_NAME = 60

function shorten(text: string): string {
  const characters = [...text]
  return characters.length > MAX_NAME ? `${characters.slice(0, MAX_NAME - 1).join('')}…` : text
}
