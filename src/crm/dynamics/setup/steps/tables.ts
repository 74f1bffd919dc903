import type { PlannedChange } from '../../../../contracts/setup.js'
import { type TableFacts, organizationOf } from '../../facts.js'
import { SetupPaused } from '../../../crm.js'
import { type ColumnDefinition, type TableDefinition, TABLES } from '../table/definitions.js'
import { findTable, type FoundTable, tableClash } from '../table/find-table.js'
import { labelIn, columnBody, tableBody, type Label } from '../table/bodies.js'
import { ourComponentIds } from '../table/our-components.js'
import { columnClash, readColumns } from '../table/read-columns.js'
import type { DynamicsStep } from '../step.js'
import { isVisible, plainColumns, untilVisible } from '../table/visible.js'
import { AppError } from '../../../../contracts/app-error.js'
import { answer, type CallContext, part, UpstreamError } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { findOrCreate } from '../../find-or-create.js'
import { IN_OUR_SOLUTION } from '../../names.js'
import { getIfThere, removeIfThere } from '../metadata.js'
import { namingDependents } from '../table/dependents.js'

/** Creates the two tables and their plain columns, and reads the names that the service gave them. */
export const tablesStep: DynamicsStep = {
  id: 'tables',
  title: 'Create the subscription tables',
  weight: 150,
  forSubscriptions: true,
  async verify({ client, facts }, context) {
    const ours = await ourComponentIds(client, context)
    const changes: PlannedChange[] = []
    const learned: Record<string, TableFacts> = {}
    for (const table of TABLES) {
      const found = await findTable(client, table, context)
      if (found === null) {
        changes.push(tableToMake(table))
        continue
      }
      const columns = await readColumns(client, table.logicalName, context)
      const pause = tableClash(table, found) ?? columnClash(table, columns)
      if (pause !== null) {
        return { state: 'paused', pause }
      }
      const missing = table.columns.filter((column) => !columns.has(nameOf(column)))
      changes.push(...missing.map((column) => columnToAdd(table, column)))
      if (
        missing.length === 0 &&
        !(await isVisible(client, found.facts, plainColumns(table), context))
      ) {
        changes.push({ what: `Wait until the columns of ${table.logicalName} can be read` })
      }
      learned[table.factsKey] = withOwner(found, ours, facts[table.factsKey])
    }
    return changes.length === 0 ? { state: 'done', facts: learned } : { state: 'due', changes }
  },
  async do({ client, facts }, context) {
    const label = labelIn(organizationOf(facts).languageCode)
    const made: [TableDefinition, FoundTable & { created: boolean }][] = []
    for (const table of TABLES) {
      const found = await ensureTable(client, table, label, context)
      const columns = await readColumns(client, table.logicalName, context)
      const pause = tableClash(table, found) ?? columnClash(table, columns)
      if (pause !== null) {
        throw new SetupPaused(pause)
      }
      for (const column of table.columns) {
        if (!columns.has(nameOf(column))) {
          await ensureColumn(client, table, column, label, context)
        }
      }
      await untilVisible(client, found.facts, plainColumns(table), context)
      made.push([table, found])
    }
    const ours = await ourComponentIds(client, context)
    return Object.fromEntries(
      made.map(([table, found]) => [
        table.factsKey,
        withOwner(found, ours, facts[table.factsKey], found.created),
      ]),
    )
  },
  async undo({ client, facts }, context) {
    // Subscriptions first: the category table cannot be deleted while the other table has a lookup to it.
    for (const table of TABLES.toReversed()) {
      await removeTable(client, table, facts[table.factsKey] ?? null, context)
    }
    return Object.fromEntries(TABLES.map(({ factsKey }) => [factsKey, null]))
  },
}

/**
 * A table is ours if this request created it, if it is in our solution, or if it was known as ours under the same id.
 */
function withOwner(
  { facts }: FoundTable,
  ours: ReadonlySet<string>,
  known: TableFacts | undefined,
  created = false,
): TableFacts {
  const wasOurs = known?.ours === true && known.metadataId.toLowerCase() === facts.metadataId
  return { ...facts, ours: created || wasOurs || ours.has(facts.metadataId) }
}

function tableToMake(table: TableDefinition): PlannedChange {
  const columns = table.columns.map((column) => `${column.label} (${nameOf(column)})`).join(', ')
  return {
    what: `Create the table "${table.pluralLabel}" (${table.logicalName}) with the columns Name (em_name), ${columns}`,
  }
}

function columnToAdd(table: TableDefinition, column: ColumnDefinition): PlannedChange {
  return { what: `Add the column "${column.label}" (${nameOf(column)}) to ${table.logicalName}` }
}

function nameOf(column: ColumnDefinition): string {
  return column.schemaName.toLowerCase()
}

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
async function ensureTable(
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
async function ensureColumn(
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
async function removeTable(
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
