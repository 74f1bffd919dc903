import { z } from 'zod'
import type { CallContext } from '../../../http/index.js'
import type { SetupPause } from '../../../contracts/setup.js'
import type { DataverseClient } from '../client.js'
import type { ColumnDefinition, TableDefinition } from './definitions.js'
import { getIfThere } from './get-if-there.js'
import { columnTypeClash } from './pauses.js'

const columns = z.object({
  value: z.array(
    z.object({
      MetadataId: z.guid(),
      LogicalName: z.string(),
      AttributeType: z.string().nullish(),
    }),
  ),
})
const lengths = z.object({
  value: z.array(z.object({ LogicalName: z.string(), MaxLength: z.number().nullish() })),
})

const LOOK = 'GET /EntityDefinitions/Attributes'

/** A column as the organisation has it. */
export interface FoundColumn {
  readonly metadataId: string
  /** `String`, `Boolean`, `Lookup` … */
  readonly type: string
  /** Of texts; null otherwise. */
  readonly maxLength: number | null
}

/** The columns of a table by logical name; empty where the table is not there. @throws UpstreamError */
export async function readColumns(
  client: DataverseClient,
  table: string,
  context: CallContext,
): Promise<ReadonlyMap<string, FoundColumn>> {
  const base = `EntityDefinitions(LogicalName='${table}')/Attributes`
  const all = await getIfThere(
    client,
    `${base}?$select=MetadataId,LogicalName,AttributeType`,
    LOOK,
    columns,
    context,
  )
  // Lengths belong to texts alone, and are told only when the columns are read as texts.
  const texts = await getIfThere(
    client,
    `${base}/Microsoft.Dynamics.CRM.StringAttributeMetadata?$select=LogicalName,MaxLength`,
    LOOK,
    lengths,
    context,
  )
  const lengthOf = new Map(texts?.value.map((text) => [text.LogicalName, text.MaxLength ?? null]))
  return new Map(
    all?.value.map(({ MetadataId, LogicalName, AttributeType }) => [
      LogicalName,
      {
        metadataId: MetadataId.toLowerCase(),
        type: AttributeType ?? '',
        maxLength: lengthOf.get(LogicalName) ?? null,
      },
    ]),
  )
}

/** A column of our name and another type (docs/wire-dataverse.md, 9.4); null where all that are there are usable. */
export function columnClash(
  table: TableDefinition,
  found: ReadonlyMap<string, FoundColumn>,
): SetupPause | null {
  for (const column of table.columns) {
    const name = column.schemaName.toLowerCase()
    const present = found.get(name)
    if (present !== undefined && !isUsable(column, present)) {
      return columnTypeClash({
        table: table.logicalName,
        column: name,
        found: shown(present.type, present.maxLength),
        needed: column.type === 'boolean' ? 'Boolean' : shown('String', column.maxLength),
      })
    }
  }
  return null
}

/** Longer texts than ours are fine: only what is cut off would be lost. */
function isUsable(column: ColumnDefinition, found: FoundColumn): boolean {
  return column.type === 'boolean'
    ? found.type === 'Boolean'
    : found.type === 'String' && (found.maxLength ?? column.maxLength) >= column.maxLength
}

function shown(type: string, maxLength: number | null): string {
  return maxLength === null ? type : `${type}(${maxLength})`
}
