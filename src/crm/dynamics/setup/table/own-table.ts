import { AppError } from '../../../../contracts/app-error.js'
import { answer, type CallContext, part, UpstreamError } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { findOrCreate } from '../../find-or-create.js'
import { IN_OUR_SOLUTION } from '../../names.js'
import { columnBody, tableBody } from './bodies.js'
import type { ColumnDefinition, TableDefinition } from './definitions.js'
import { findTable, type FoundTable } from './find-table.js'
import { getIfThere, removeIfThere } from '../metadata.js'
import type { Label } from './labels.js'
import type { TableFacts } from '../../facts.js'
import { namingDependents } from './dependents.js'
import { ourComponentIds } from './our-components.js'
import { readColumns } from './read-columns.js'

type MakeLabel = (text: string) => Label

/** Only the status matters: it shows whether the column exists. */
const presentColumn = answer(
  {
    name: 'dynamics.presentColumn',
    operation: 'GET /EntityDefinitions/Attributes',
    lossUnit: 'call',
  },
  part({}),
)

/**
 * Finds or creates a table with its name column; may take a minute (docs/wire-dataverse.md, 16.2). @throws
 * UpstreamError
 */
export async function ensureTable(
  client: DataverseClient,
  table: TableDefinition,
  label: MakeLabel,
  context: CallContext,
): Promise<FoundTable & { readonly created: boolean }> {
  const { found, created } = await findOrCreate(
    client,
    {
      find: () => findTable(client, table, context),
      path: 'EntityDefinitions',
      body: tableBody(table, label),
      headers: IN_OUR_SOLUTION,
      operation: 'POST /EntityDefinitions',
      timeoutMs: 240_000,
    },
    context,
  )
  return { ...found, created }
}

/** Finds or creates a plain column (9.4). @throws UpstreamError; AppError `crm_refused` naming the column. */
export async function ensureColumn(
  client: DataverseClient,
  table: TableDefinition,
  column: ColumnDefinition,
  label: MakeLabel,
  context: CallContext,
): Promise<void> {
  const name = column.schemaName.toLowerCase()
  const base = `EntityDefinitions(LogicalName='${table.logicalName}')/Attributes`
  const path = `${base}(LogicalName='${name}')?$select=LogicalName`
  try {
    await findOrCreate(
      client,
      {
        find: () => getIfThere(client, path, presentColumn, context),
        path: base,
        body: columnBody(column, label),
        headers: IN_OUR_SOLUTION,
        operation: 'POST /EntityDefinitions/Attributes',
      },
      context,
    )
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_refused') {
      const full = `${table.logicalName}.${name}`
      throw new AppError('crm_refused', `Dynamics has no usable column ${full}: ${error.message}`, {
        path: full,
        cause: error,
      })
    }
    throw error
  }
}

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
