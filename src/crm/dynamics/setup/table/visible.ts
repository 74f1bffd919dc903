import { setupRead } from '../../../own-step.js'
import { type CallContext, UpstreamError } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import type { TableFacts } from '../../facts.js'
import { poll } from '../../poll.js'
import { lostAnswer } from '../../wire/errors.js'
import { LOOKUPS, type TableDefinition } from './definitions.js'

/** New columns appear in the data API within 30 seconds (docs/wire-dataverse.md, trap 14). */
const VISIBLE_WITHIN_MS = 60_000

const OPERATION = 'GET /{our table}'

/** The plain columns of a table, by their names in the data API. */
export function plainColumns({ columns }: TableDefinition): readonly string[] {
  return columns.map((column) => column.schemaName.toLowerCase())
}

/** The lookups of the subscription table, by their names in the data API. */
export const LOOKUP_VALUES: readonly string[] = LOOKUPS.map((column) => `_${column}_value`)

/**
 * Whether the data API knows these columns yet. Also true if reading is not allowed, because then it cannot be tested.
 * @throws UpstreamError
 */
export async function isVisible(
  client: DataverseClient,
  { setName }: Pick<TableFacts, 'setName'>,
  columns: readonly string[],
  context: CallContext,
): Promise<boolean> {
  const path = `${setName}?$select=${columns.join(',')}&$top=1`
  const request = setupRead(path, OPERATION)
  try {
    await client.text(request, context)
    return true
  } catch (error) {
    if (error instanceof UpstreamError && error.status === 403) {
      return true
    }
    if (isUnknownYet(error)) {
      return false
    }
    throw error
  }
}

/**
 * Whether the error means a table or column that the data API does not know yet, which lasts for up to 30 seconds after
 * creation.
 */
export function isUnknownYet(error: unknown): boolean {
  return error instanceof UpstreamError && (error.status === 400 || error.status === 404)
}

/** Waits for {@link isVisible}. @throws UpstreamError, retryable if it takes too long. */
export async function untilVisible(
  client: DataverseClient,
  table: Pick<TableFacts, 'setName'>,
  columns: readonly string[],
  context: CallContext,
): Promise<void> {
  const visible = await poll(
    async () => (await isVisible(client, table, columns, context)) || null,
    { withinMs: VISIBLE_WITHIN_MS },
    context,
  )
  if (visible === null) {
    throw lostAnswer(OPERATION, 'read', 'the new columns are not visible yet')
  }
}
