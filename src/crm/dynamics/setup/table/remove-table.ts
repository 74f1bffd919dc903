import type { CallContext } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import type { TableFacts } from '../../facts.js'
import type { TableDefinition } from './definitions.js'
import { namingDependents } from './dependents.js'
import { findTable } from './find-table.js'
import { ourComponentIds } from './our-components.js'
import { readColumns } from './read-columns.js'
import { removeIfThere } from '../metadata.js'

/**
 * Deletes one of our tables with its rows. A table under our name that the customer had before stays; only the columns
 * that we added are deleted. A table is ours if it is in our solution or, if the solution was deleted, if it was stored
 * as ours and has the same id (docs/wire-dataverse.md, 16.14).
 * @throws SetupPaused if a component of the customer's uses it, UpstreamError.
 */
export async function removeTable(
  client: DataverseClient,
  table: TableDefinition,
  known: TableFacts | null,
  context: CallContext,
): Promise<void> {
  const found = await findTable(client, table, context)
  if (found === null) {
    return
  }
  const { metadataId } = found.facts
  const ours = await ourComponentIds(client, context)
  const wasOurs = known?.ours === true && known.metadataId.toLowerCase() === metadataId
  if (!ours.has(metadataId) && !wasOurs) {
    return removeColumns(client, table, ours, context)
  }
  const removable = {
    find: async () => (await findTable(client, table, context)) !== null,
    path: `EntityDefinitions(LogicalName='${table.logicalName}')`,
    operation: 'DELETE /EntityDefinitions',
  }
  await namingDependents(
    client,
    { type: 1, id: metadataId, what: `The table ${table.logicalName}` },
    () => removeIfThere(client, removable, context),
    context,
  )
}

async function removeColumns(
  client: DataverseClient,
  table: TableDefinition,
  ours: ReadonlySet<string>,
  context: CallContext,
): Promise<void> {
  const columns = await readColumns(client, table.logicalName, context)
  for (const { schemaName } of table.columns) {
    const name = schemaName.toLowerCase()
    const id = columns.get(name)?.metadataId
    if (id === undefined || !ours.has(id)) {
      continue
    }
    const removable = {
      find: async () => (await readColumns(client, table.logicalName, context)).has(name),
      path: `EntityDefinitions(LogicalName='${table.logicalName}')/Attributes(LogicalName='${name}')`,
      operation: 'DELETE /EntityDefinitions/Attributes',
    }
    await namingDependents(
      client,
      { type: 2, id, what: `The column ${table.logicalName}.${name}` },
      () => removeIfThere(client, removable, context),
      context,
    )
  }
}
