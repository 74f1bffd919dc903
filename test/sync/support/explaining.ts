import type { Database, Queryable } from '../../../src/ledger/db/database.js'

/** A node of a plan in the form of PostgreSQL's `EXPLAIN (FORMAT JSON)`. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly 'Join Filter'?: string
  readonly Plans?: readonly PlanNode[]
}

/** A statement, and the planner's plan for it with the given values. */
export interface Explained {
  readonly sql: string
  readonly plan: PlanNode
}

const STATEMENT = /^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b/i

/**
 * A database that requests the plan of each statement before it runs the statement. @param seen receives every plan.
 */
export function explaining(db: Database, seen: Explained[]): Database {
  const wrap = (queryable: Queryable): Queryable => ({
    async query<Row>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
      if (STATEMENT.test(sql)) {
        const [row] = await queryable.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
          `EXPLAIN (FORMAT JSON) ${sql}`,
          values,
        )
        seen.push({ sql, plan: row!['QUERY PLAN'][0]!.Plan })
      }
      return queryable.query<Row>(sql, values)
    },
  })
  return {
    ...wrap(db),
    transaction: (work) => db.transaction((tx) => work(wrap(tx) as typeof tx)),
    snapshot: (work) => db.snapshot((tx) => work(wrap(tx) as typeof tx)),
    close: () => db.close(),
  }
}

/**
 * Joins of a plan that may compute the product of their sides: no index leads from a row of one side to its matches, so
 * that each row is compared with all of the other side. The planner chooses them if it estimates one side at a row or
 * two, as it does for a run or a connection that is newer than its statistics.
 */
export function productJoins(node: PlanNode): readonly PlanNode[] {
  const children = node.Plans ?? []
  const isProduct =
    node['Node Type'] === 'Nested Loop' &&
    node['Join Filter'] !== undefined &&
    !children.some((child) => isSmall(child) || isBatch(child))
  return [...(isProduct ? [node] : []), ...children.flatMap(productJoins)]
}

/** Readings of a table in a plan that do not go to their rows by an index's key. */
export function unkeyedScans(node: PlanNode): readonly PlanNode[] {
  const isUnkeyed = node['Relation Name'] !== undefined && node['Index Cond'] === undefined
  return [...(isUnkeyed ? [node] : []), ...(node.Plans ?? []).flatMap(unkeyedScans)]
}

/** Tables of one row or a few, however many people there are: the connection itself, its categories. */
const SMALL = new Set(['connections', 'categories', 'sendout_runs'])

function isSmall(node: PlanNode): boolean {
  const relation = node['Relation Name']
  return relation === undefined ? only(node, isSmall) : SMALL.has(relation)
}

/** The rows of a list that was passed to the statement, at most 1,000. A product with such a list is acceptable. */
function isBatch(node: PlanNode): boolean {
  return node['Index Cond']?.includes('ANY') ?? only(node, isBatch)
}

function only(node: PlanNode, holds: (child: PlanNode) => boolean): boolean {
  const children = node.Plans ?? []
  return children.length > 0 && children.every(holds)
}
