import type { PlannedChange } from '../../../../contracts/setup.js'
import { type TableFacts, organizationOf } from '../../facts.js'
import { SetupPaused } from '../../../crm.js'
import { type ColumnDefinition, type TableDefinition, TABLES } from '../table/definitions.js'
import { ensureColumn, ensureTable } from '../table/own-table.js'
import { findTable, type FoundTable, tableClash } from '../table/find-table.js'
import { labelIn } from '../table/labels.js'
import { ourComponentIds } from '../table/our-components.js'
import { columnClash, readColumns } from '../table/read-columns.js'
import { removeTable } from '../table/own-table.js'
import type { DynamicsStep } from '../step.js'
import { isVisible, plainColumns, untilVisible } from '../table/visible.js'

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
