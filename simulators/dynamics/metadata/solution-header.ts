import { randomUUID } from 'node:crypto'
import { ServiceError } from '../errors.js'
import type { Context, Organisation } from '../organisation.js'
import type { Row, Table } from '../store/schema.js'
import { seedRow } from '../store/seed-row.js'

/** Component types of solutions and dependencies (wire page, section 16.14). */
export const COMPONENT = {
  entity: 1,
  attribute: 2,
  relationship: 10,
  key: 14,
  view: 26,
  form: 60,
  step: 92,
  endpoint: 95,
} as const

/** The solution named in `MSCRM.SolutionUniqueName`; an unknown one is 404 0x80040217. */
export function solutionByName(context: Context, name: string): Row {
  for (const row of context.org.store.rows('solution').all()) {
    if (String(row.values['uniquename']).toLowerCase() === name.toLowerCase()) {
      return row
    }
  }
  throw new ServiceError(404, '0x80040217', `solution With uniquename = ${name} Does Not Exist`)
}

/** Checks the header before anything is written; undefined without one. */
export function solutionOf(
  context: Context,
  headers: Readonly<Record<string, string>>,
): Row | undefined {
  const name = headers['mscrm.solutionuniquename']
  return name === undefined ? undefined : solutionByName(context, name)
}

/** Adds a component to a solution, once. `behavior`: 0 with all its parts, 2 only an entry for the sake of a part. */
export function addToSolution(
  context: Context,
  solution: Row | undefined,
  componentType: number,
  componentId: string,
  behavior: 0 | 2 = 0,
): void {
  if (solution === undefined) {
    return
  }
  for (const row of context.org.store.rows('solutioncomponent').all()) {
    if (row.values['objectid'] === componentId && row.values['solutionid'] === solution.id) {
      return
    }
  }
  seedRow(context.org, 'solutioncomponent', randomUUID(), {
    objectid: componentId,
    componenttype: componentType,
    rootcomponentbehavior: behavior,
    solutionid: solution.id,
  })
}

export function forgetComponents(org: Organisation, ids: readonly string[]): void {
  const gone = new Set(ids)
  const table = org.store.table('solutioncomponent')
  for (const row of [...org.store.rows(table).all()]) {
    if (gone.has(String(row.values['objectid']))) {
      org.store.delete(table, row)
    }
  }
}

const COMPONENT_OF_TABLE: Readonly<Record<string, number>> = {
  savedquery: COMPONENT.view,
  systemform: COMPONENT.form,
  sdkmessageprocessingstep: COMPONENT.step,
  serviceendpoint: COMPONENT.endpoint,
}

/** Adds a row that is a component itself (form, view, step, endpoint) to the solution too. */
export function addRowToSolution(
  context: Context,
  solution: Row | undefined,
  table: Table,
  row: Row,
): void {
  const type = COMPONENT_OF_TABLE[table.logicalName]
  if (type !== undefined) {
    addToSolution(context, solution, type, row.id)
  }
}
