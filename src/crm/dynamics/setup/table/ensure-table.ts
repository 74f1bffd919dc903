import { AppError } from '../../../../contracts/app-error.js'
import { answer, type CallContext, part, UpstreamError } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { findOrCreate } from '../../find-or-create.js'
import { IN_OUR_SOLUTION } from '../../names.js'
import { columnBody, tableBody } from './bodies.js'
import type { ColumnDefinition, TableDefinition } from './definitions.js'
import { findTable, type FoundTable } from './find-table.js'
import { getIfThere } from '../metadata.js'
import type { Label } from './labels.js'

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
