import { z } from 'zod'
import { answer, type CallContext, entries, part, readRecords } from '../../../../http/index.js'
import type { SetupPause } from '../../../../contracts/setup.js'
import type { DataverseClient } from '../../client.js'
import type { TableDefinition } from './definitions.js'
import { getIfThere } from '../metadata.js'
import { columnTypeClash } from '../pauses.js'

/** Operation of {@link findKey}, for errors. */
export const LOOK_AT_KEYS = 'GET /EntityDefinitions/Keys'

const keys = answer(
  { name: 'dynamics.keys', operation: LOOK_AT_KEYS, lossUnit: 'page' },
  part({ value: entries }),
)
const key = answer(
  { name: 'dynamics.key', operation: LOOK_AT_KEYS, lossUnit: 'record' },
  part({
    MetadataId: z.guid(),
    SchemaName: z.string(),
    KeyAttributes: z.array(z.string()),
    EntityKeyIndexStatus: z.string().catch('Pending'),
  }),
)

/** An alternate key as the organisation has it. */
export interface FoundKey {
  readonly metadataId: string
  readonly columns: readonly string[]
  /** `Pending`, `InProgress`, `Active` or `Failed`; usable only when active. */
  readonly status: string
}

/**
 * Finds a table's key (docs/wire-dataverse.md, 16.5); null if the key or the table does not exist. @throws
 * UpstreamError
 */
export async function findKey(
  client: DataverseClient,
  table: TableDefinition,
  context: CallContext,
): Promise<FoundKey | null> {
  const path = `${keysPath(table)}?$select=MetadataId,SchemaName,KeyAttributes,EntityKeyIndexStatus`
  const body = await getIfThere(client, path, keys, context)
  const own = readRecords(key, body?.value ?? [], context).find(
    ({ SchemaName }) => SchemaName.toLowerCase() === table.key.schemaName.toLowerCase(),
  )
  return own === undefined
    ? null
    : {
        metadataId: own.MetadataId.toLowerCase(),
        columns: own.KeyAttributes,
        status: own.EntityKeyIndexStatus,
      }
}

/** The pause for a key of our name on other columns, by which our rows would not be found; null if it is usable. */
export function keyClash(table: TableDefinition, found: FoundKey): SetupPause | null {
  return found.columns.join() === table.key.column
    ? null
    : columnTypeClash({
        table: table.logicalName,
        column: table.key.schemaName.toLowerCase(),
        found: `a key of ${found.columns.join(', ')}`,
        needed: `a key of ${table.key.column}`,
      })
}

/** The path of a table's keys. */
export function keysPath(table: TableDefinition): string {
  return `EntityDefinitions(LogicalName='${table.logicalName}')/Keys`
}
