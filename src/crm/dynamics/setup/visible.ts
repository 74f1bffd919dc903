import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import type { TableFacts } from '../facts.js'
import { poll } from '../poll.js'
import { lostAnswer } from '../wire/part-error.js'
import type { TableDefinition } from './definitions.js'

/** New columns are in the data within half a minute (docs/wire-dataverse.md, trap 16). */
const VISIBLE_WITHIN_MS = 60_000

const OPERATION = 'GET /{our table}'

/** Whether the data API knows the table's columns yet. True also where reading is not allowed: then nothing is to be learned. */
export async function isVisible(
  client: DataverseClient,
  definition: TableDefinition,
  table: TableFacts,
  context: CallContext,
): Promise<boolean> {
  const columns = definition.columns.map((column) => column.schemaName.toLowerCase())
  const path = `${table.setName}?$select=${columns.join(',')}&$top=1`
  const request = { method: 'GET', path, operation: OPERATION, name: 'setup.look' } as const
  try {
    await client.text({ ...request, effect: 'read' }, context)
    return true
  } catch (error) {
    if (error instanceof UpstreamError && error.status === 403) {
      return true
    }
    if (error instanceof UpstreamError && (error.status === 400 || error.status === 404)) {
      return false
    }
    throw error
  }
}

/** Waits for {@link isVisible}. @throws UpstreamError, retryable where it takes too long. */
export async function untilVisible(
  client: DataverseClient,
  definition: TableDefinition,
  table: TableFacts,
  context: CallContext,
): Promise<void> {
  const visible = await poll(
    async () => (await isVisible(client, definition, table, context)) || null,
    { withinMs: VISIBLE_WITHIN_MS },
    context,
  )
  if (visible === null) {
    throw lostAnswer(OPERATION, 'read', 'the new columns are not to be seen yet')
  }
}
