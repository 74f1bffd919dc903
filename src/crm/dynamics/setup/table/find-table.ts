import { z } from 'zod'
import { answer, type CallContext, part, UpstreamError } from '../../../../http/index.js'
import type { SetupPause } from '../../../../contracts/setup.js'
import type { DataverseClient } from '../../client.js'
import type { TableFacts } from '../../facts.js'
import { queryString } from '../../wire/odata.js'
import type { TableDefinition } from './definitions.js'
import { getIfThere } from '../metadata.js'
import { columnTypeClash } from '../pauses.js'

const definition = answer(
  { name: 'dynamics.table', operation: 'GET /EntityDefinitions', lossUnit: 'call' },
  part({
    MetadataId: z.guid(),
    EntitySetName: z.string().min(1),
    PrimaryIdAttribute: z.string().min(1),
    PrimaryNameAttribute: z.string().nullish().catch(null),
    ObjectTypeCode: z.number().nullish().catch(null),
  }),
)

/** The name column of every table of ours. */
export const NAME_COLUMN = 'em_name'

/** A table as the organisation has it. */
export interface FoundTable {
  readonly facts: TableFacts
  readonly nameColumn: string | null
}

/** The columns to read. If the service does not know the last one, the table is read without it. */
const DOCUMENTED = ['MetadataId', 'EntitySetName', 'PrimaryIdAttribute', 'ObjectTypeCode']
const WITH_NAME_COLUMN = [...DOCUMENTED, 'PrimaryNameAttribute']

/** Finds one of our tables by its name (docs/wire-dataverse.md, 16.2); null if there is none. @throws UpstreamError */
export async function findTable(
  client: DataverseClient,
  { logicalName }: Pick<TableDefinition, 'logicalName'>,
  context: CallContext,
): Promise<FoundTable | null> {
  const read = (select: readonly string[]) => {
    const path = `EntityDefinitions(LogicalName='${logicalName}')${queryString({ select })}`
    return getIfThere(client, path, definition, context)
  }
  const found = await read(WITH_NAME_COLUMN).catch((error: unknown) => {
    if (error instanceof UpstreamError && error.status === 400) {
      return read(DOCUMENTED)
    }
    throw error
  })
  return found === null
    ? null
    : {
        nameColumn: found.PrimaryNameAttribute ?? null,
        facts: {
          setName: found.EntitySetName,
          primaryId: found.PrimaryIdAttribute,
          metadataId: found.MetadataId.toLowerCase(),
          objectTypeCode: found.ObjectTypeCode ?? null,
        },
      }
}

/** The pause for a table of our name that was created for something else; null if it is usable. */
export function tableClash(table: TableDefinition, found: FoundTable): SetupPause | null {
  return found.nameColumn === null || found.nameColumn === NAME_COLUMN
    ? null
    : columnTypeClash({
        table: table.logicalName,
        column: null,
        found: `a table whose name column is ${found.nameColumn}`,
        needed: `one whose name column is ${NAME_COLUMN}`,
      })
}
