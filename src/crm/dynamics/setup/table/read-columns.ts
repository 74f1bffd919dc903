import { z } from 'zod'
import {
  answer,
  entries,
  type CallContext,
  part,
  readRecords,
  UpstreamError,
} from '../../../../http/index.js'
import type { SetupPause } from '../../../../contracts/setup.js'
import type { DataverseClient } from '../../client.js'
import { SUBSCRIPTIONS_TABLE } from '../../names.js'
import { type ColumnDefinition, LOOKUPS, type TableDefinition, TABLES } from './definitions.js'
import { getIfThere } from '../metadata.js'
import { columnTypeClash } from '../pauses.js'
import { plainColumns } from './visible.js'

const LOOK = 'GET /EntityDefinitions/Attributes'

const column = answer(
  { name: 'dynamics.column', operation: LOOK, lossUnit: 'record' },
  part({
    MetadataId: z.guid(),
    LogicalName: z.string(),
    AttributeType: z.string().nullish().catch(null),
  }),
)
const length = answer(
  { name: 'dynamics.columnLength', operation: LOOK, lossUnit: 'record' },
  part({ LogicalName: z.string(), MaxLength: z.number().nullish().catch(null) }),
)
const listing = answer(
  { name: 'dynamics.columns', operation: LOOK, lossUnit: 'page' },
  part({ value: entries }),
)
const COLUMN_FACTS = 'MetadataId,LogicalName,AttributeType'

/** A column as the organisation has it. */
export interface FoundColumn {
  readonly metadataId: string
  /** `String`, `Boolean`, `Lookup` …; empty if unknown. */
  readonly type: string
  /** Characters, for text columns; null otherwise. */
  readonly maxLength: number | null
}

/**
 * The columns of a table by logical name; empty if the table does not exist. If the service does not list columns, only
 * our own columns are read, one request each, because no others are needed.
 * @throws UpstreamError
 */
export async function readColumns(
  client: DataverseClient,
  table: string,
  context: CallContext,
): Promise<ReadonlyMap<string, FoundColumn>> {
  const base = `EntityDefinitions(LogicalName='${table}')/Attributes`
  const all = await ifSupported(() =>
    getIfThere(client, `${base}?$select=${COLUMN_FACTS}`, listing, context),
  )
  const columns =
    all === null
      ? await readEach(client, base, ourNames(table), context)
      : readRecords(column, all.value, context)
  // Only text columns have a length, and the service returns it only if they are read as texts.
  const texts = await ifSupported(() =>
    getIfThere(
      client,
      `${base}/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength`,
      listing,
      context,
    ),
  )
  const lengthOf = new Map(
    readRecords(length, texts?.value ?? [], context).map((text) => [
      text.LogicalName,
      text.MaxLength ?? null,
    ]),
  )
  return new Map(
    columns.map(({ MetadataId, LogicalName, AttributeType }) => [
      LogicalName,
      {
        metadataId: MetadataId.toLowerCase(),
        type: AttributeType ?? '',
        maxLength: lengthOf.get(LogicalName) ?? null,
      },
    ]),
  )
}

/** Null if the service has no such listing: only reading single columns is documented (docs/wire-dataverse.md, 9.4). */
async function ifSupported<T>(read: () => Promise<T | null>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof UpstreamError && [400, 405, 501].includes(error.status ?? 0)) {
      return null
    }
    throw error
  }
}

async function readEach(
  client: DataverseClient,
  base: string,
  names: readonly string[],
  context: CallContext,
) {
  const found: z.output<typeof column.schema>[] = []
  for (const name of names) {
    const path = `${base}(LogicalName='${name}')?$select=${COLUMN_FACTS}`
    const one = await getIfThere(client, path, column, context)
    found.push(...(one === null ? [] : [one]))
  }
  return found
}

function ourNames(table: string): readonly string[] {
  const plain = TABLES.filter(({ logicalName }) => logicalName === table).flatMap(plainColumns)
  return [...plain, ...(table === SUBSCRIPTIONS_TABLE ? LOOKUPS : [])]
}

/**
 * The pause for a column of our name with another type (docs/wire-dataverse.md, 9.4); null if all existing ones are
 * usable.
 */
export function columnClash(
  table: TableDefinition,
  found: ReadonlyMap<string, FoundColumn>,
): SetupPause | null {
  for (const wanted of table.columns) {
    const name = wanted.schemaName.toLowerCase()
    const present = found.get(name)
    if (present !== undefined && !isUsable(wanted, present)) {
      return columnTypeClash({
        table: table.logicalName,
        column: name,
        found: shown(present.type, present.maxLength),
        needed: wanted.type === 'boolean' ? 'Boolean' : shown('String', wanted.maxLength),
      })
    }
  }
  return null
}

/** A longer text column is fine; a shorter one would truncate values. */
function isUsable(column: ColumnDefinition, found: FoundColumn): boolean {
  return column.type === 'boolean'
    ? found.type === 'Boolean'
    : found.type === 'String' && (found.maxLength ?? column.maxLength) >= column.maxLength
}

function shown(type: string, maxLength: number | null): string {
  return maxLength === null ? type : `${type}(${maxLength})`
}
