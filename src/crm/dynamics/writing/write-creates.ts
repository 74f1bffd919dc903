import type { CallContext } from '../../../http/index.js'
import type { CrmWriteOutcome } from '../../crm.js'
import type { DynamicsFacts } from '../facts.js'
import type { ChangeSource } from '../reading/changes.js'
import { createRows } from './create-rows.js'
import { type CreateWrite, type RowToCreate, rowToCreate } from './row-to-create.js'
import { lostOutcome } from './send-parts.js'

/**
 * Creates rows, each key once: the same row twice in one request fails the whole of it. A second write of a key with
 * the same value shares the first one's outcome; with another value it is a conflict, to be read and decided again.
 */
export async function writeCreates(
  source: ChangeSource,
  facts: DynamicsFacts,
  writes: readonly CreateWrite[],
  context: CallContext,
): Promise<{ outcomes: readonly CrmWriteOutcome[]; stop: Error | null }> {
  const { tables, categories, client } = source
  if (tables === null || categories === null) {
    return { outcomes: writes.map(() => REFUSED), stop: null }
  }
  const categoryRowIds = new Map<string, string | null>()
  try {
    for (const categoryId of new Set(writes.map((write) => write.categoryId))) {
      categoryRowIds.set(categoryId, await categories.rowIdOf(categoryId, context))
    }
  } catch (error) {
    const { error: cause } = lostOutcome(error)
    return { outcomes: writes.map(() => ({ status: 'notSent', error: cause })), stop: cause }
  }
  const prepared = writes.map((write) =>
    rowToCreate(write, tables, facts.navigation, categoryRowIds.get(write.categoryId) ?? null),
  )
  const firstByKey = new Map<string, number>()
  const rows: RowToCreate[] = []
  for (const row of prepared) {
    if (row !== null && !firstByKey.has(row.keyPath)) {
      firstByKey.set(row.keyPath, rows.length)
      rows.push(row)
    }
  }
  if (rows.length === 0) {
    return { outcomes: writes.map(() => REFUSED), stop: null }
  }
  const { setName, primaryId } = tables.subscriptions
  const created = await createRows(client, setName, primaryId, rows, context)
  const outcomes = prepared.map((row): CrmWriteOutcome => {
    const at = row === null ? undefined : firstByKey.get(row.keyPath)
    if (row === null || at === undefined) {
      return REFUSED
    }
    const same = rows[at]?.body['em_subscribed'] === row.body['em_subscribed']
    return same ? (created.outcomes[at] ?? REFUSED) : { status: 'conflict' }
  })
  return { outcomes, stop: created.stop }
}

/** No such category or no such table in Dynamics yet. */
const REFUSED = { status: 'refused', upstreamCode: null } as const
