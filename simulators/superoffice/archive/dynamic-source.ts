import { badRequest } from '../errors.js'
import type { Installation } from '../installation.js'
import type { ColumnDefinition, Table } from '../model/table.js'
import type { ArchiveColumn } from './columns.js'
import { JoinPlan } from './join-plan.js'
import type { ArchiveSource } from './source.js'

const STEP = /^(?:([.:])([A-Za-z_]\w*)|\.\(([A-Za-z_]\w*)->([A-Za-z_]\w*)\))/

/**
 * Archive `dynamic`: dot syntax on database names; `.fk.` outer join, `:fk.` inner join, `.(table->fk).` rows of
 * another table that point here. All columns start at the same table (wire page, section 6.1).
 */
export function openDynamic(world: Installation, firstColumn: string): ArchiveSource {
  const rootName = /^[A-Za-z_]\w*/.exec(firstColumn)?.[0] ?? ''
  const root = world.store.table(rootName)
  if (root === undefined) {
    throw badRequest(`Unknown table '${rootName}'`)
  }
  const plan = new JoinPlan(root, (column) =>
    world.store.table(root.definition.columns[column]?.references ?? ''),
  )
  return {
    plan,
    entities: [],
    entityOf: () => rootName,
    visible: () => true,
    accepts: () => true,
    column: (name) =>
      name.startsWith(`${rootName}.`) || name.startsWith(`${rootName}:`)
        ? bind(world, plan, root, name, name.slice(rootName.length))
        : undefined,
  }
}

function bind(
  world: Installation,
  plan: JoinPlan,
  root: Table,
  name: string,
  path: string,
): ArchiveColumn | undefined {
  let rest = path
  let node = 0
  let table = root
  for (;;) {
    const found = STEP.exec(rest)
    if (found === null) {
      return undefined
    }
    rest = rest.slice(found[0].length)
    const [, separator, column, child, foreignKey] = found
    if (child !== undefined && foreignKey !== undefined) {
      const next = world.store.table(child)
      if (next?.definition.columns[foreignKey]?.references !== table.definition.name) {
        return undefined
      }
      node = plan.join(node, { kind: 'reverse', column: foreignKey }, next)
      table = next
      continue
    }
    const definition = columnOf(world, table, column!)
    if (definition === undefined) {
      return undefined
    }
    if (rest === '') {
      return separator === '.' ? stored(world, name, node, column!, definition) : undefined
    }
    const next = world.store.table(definition.references ?? '')
    if (next === undefined) {
      return undefined
    }
    node = plan.join(node, { kind: 'forward', column: column!, inner: separator === ':' }, next)
    table = next
  }
}

function columnOf(world: Installation, table: Table, column: string): ColumnDefinition | undefined {
  const { columns, name } = table.definition
  return Object.hasOwn(columns, column) &&
    !world.switches.hiddenColumns.includes(`${name}.${column}`)
    ? columns[column]
    : undefined
}

function stored(
  { switches }: Installation,
  name: string,
  node: number,
  column: string,
  definition: ColumnDefinition,
): ArchiveColumn {
  const value: ArchiveColumn['value'] = (tuple) => tuple[node]?.[column]
  const ofAssociate = switches.associateColumns === 'associate' && column.endsWith('associate_id')
  const type = ofAssociate ? 'associate' : definition.type
  return { name, type, node, stored: column, value }
}
