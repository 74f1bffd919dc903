import { expect } from '@jest/globals'
import type pg from 'pg'
import type { SyncSession } from '../../../src/connection/session.js'
import type { Queryable } from '../../../src/ledger/db/database.js'
import { PLAIN_CONDITIONS } from '../../../src/ledger/sendout/plain-members.js'
import { findSendoutRun } from '../../../src/ledger/sendout/sendouts.js'
import { judgeMembers, judgePlain } from '../../../src/sync/sendout/gate/load-gate.js'
import { membersAt } from '../../../src/ledger/sendout/sendout-members.js'

/** Rows that concern one member. Each of their columns is changed. */
export interface RowsOf {
  readonly table: string
  /** Selects them. `{address}`, `{contact}`, `{record}` and `{other…}` are replaced by ids of the two members. */
  readonly where?: string
  /** Statements that run before, and insert the rows or change what they lead to. */
  readonly prepare?: readonly string[]
}

/** The members whose rows are changed. Their ids are used as other values. */
export interface TwoMembers {
  readonly owner: pg.Client
  readonly session: SyncSession
  readonly sendoutRunId: string
  readonly ids: Readonly<Record<string, string>>
}

/** The results of all changes. */
export interface Changed {
  /** Changes that the database accepted. */
  readonly changes: number
  /** Tables that the gate or the statement reads and of which no row was changed. */
  readonly unchanged: readonly string[]
  /** Columns that accepted no other value. */
  readonly untaken: readonly string[]
  /** Verdicts of the statement that the gate does not give. */
  readonly differing: readonly unknown[]
  /** Conditions without which the statement gives no wrong verdict after any change. */
  readonly needless: readonly string[]
}

/** Other values of a column, by its type. A column of another type fails the test. */
const TEXTS = [
  ...['', 'x', 'withdrawn', 'deny', 'allow', 'unreadable', 'live', 'deleted', 'storeAndProcess'],
  ...['c:c1', 'c1', 'sms', 'rejected'],
]
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  text: [null, ...TEXTS],
  boolean: [null, true, false],
  smallint: [null, 0, 1, 2],
  integer: [null, -1, 0, 1, 7, 2_000_000_000],
  bigint: [null, -1, 0, 1, 7, 9_000_000_000_000],
  date: [null, '2020-01-01', '2100-01-01'],
  uuid: [null, '00000000-0000-4000-8000-000000000009'],
  'timestamp with time zone': [null, '2020-01-01', '2100-01-01'],
  jsonb: [null, 'null', '{}', '[]', '"x"', '7'],
  ARRAY: [null, '{}'],
}

/** Judges both members by the statement and by the gate after each single change. */
export class OneChange {
  private readonly needless = new Set(PLAIN_CONDITIONS)
  private readonly differing: unknown[] = []
  private readonly untaken: string[] = []
  private readonly tables = new Set<string>()
  /** Statements that ran, by the names under which they are prepared. */
  private readonly statements = new Map<string, string>()
  private readonly usual = new Map<boolean, Verdicts | null>()
  private changes = 0

  constructor(private readonly members: TwoMembers) {}

  /** Changes these rows, one column at a time. */
  async changeAll(rows: readonly RowsOf[]): Promise<Changed> {
    const { owner } = this.members
    await owner.query('BEGIN')
    // Neither triggers nor foreign keys keep a column from any value.
    await owner.query(`SET LOCAL session_replication_role = replica`)
    // Planning would take most of the test's time.
    await owner.query(`SET LOCAL plan_cache_mode = force_generic_plan`)
    const spoken = await this.compare('nothing')
    expect(spoken).toBe(2)
    for (const one of rows) {
      await this.changeEach(one)
    }
    await owner.query('ROLLBACK')
    const { changes, untaken, differing } = this
    const unchanged = (await this.tablesRead()).filter((table) => !this.tables.has(table))
    return { changes, unchanged, untaken, differing, needless: [...this.needless] }
  }

  /** Tables in the statements that ran. */
  private async tablesRead(): Promise<string[]> {
    const { rows } = await this.members.owner.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = current_schema()`,
    )
    const words = new Set([...this.statements.keys()].flatMap((sql) => sql.match(/\w+/g) ?? []))
    return rows.map(({ name }) => name).filter((name) => words.has(name))
  }

  private async changeEach({ table, where = 'true', prepare = [] }: RowsOf): Promise<void> {
    const { owner } = this.members
    this.tables.add(table)
    await owner.query('SAVEPOINT prepared')
    for (const statement of prepare) {
      await owner.query(this.named(statement))
    }
    await this.compare(`${table}: ${prepare.join('; ')}`)
    const { rows: columns } = await owner.query<{ name: string; type: string }>(
      `SELECT column_name AS name, data_type AS type FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = $1`,
      [table],
    )
    const checks = await owner.query<{ check: string }>(
      `SELECT pg_get_constraintdef(oid) AS check FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'c'`,
      [table],
    )
    // Values that the column's own checks name, because it may take no other.
    const namedFor = (column: string) =>
      checks.rows
        .filter(({ check }) => new RegExp(`\\b${column}\\b`).test(check))
        .flatMap(({ check }) => check.match(/(?<=')\w+(?=')/g) ?? [])
    const found = await owner.query<{ at: string }>(
      `SELECT ctid::text AS at, t.* FROM ${table} t WHERE ${this.named(where)} ORDER BY ctid`,
    )
    expect([table, found.rows.length]).not.toEqual([table, 0])
    for (const { name, type } of columns) {
      let taken = 0
      for (const row of found.rows) {
        const now = (row as unknown as Record<string, unknown>)[name]
        const values = this.othersThan(now, type, `${table}.${name}`)
        for (const value of new Set([...values, ...(type === 'text' ? namedFor(name) : [])])) {
          taken += Number(await this.change(table, name, row.at, value))
        }
      }
      if (taken === 0) {
        this.untaken.push(`${table}.${name}`)
      }
    }
    await owner.query('ROLLBACK TO SAVEPOINT prepared')
  }

  private named(sql: string): string {
    return sql.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const id = this.members.ids[name]
      expect([name, id]).not.toEqual([name, undefined])
      return id!
    })
  }

  private othersThan(now: unknown, type: string, column: string): readonly unknown[] {
    const values = VALUES[type]
    expect([column, type, values === undefined]).toEqual([column, type, false])
    const ids = Object.values(this.members.ids)
    switch (type) {
      case 'text':
        return isOfAll(column)
          ? [null, 'x', 'sms', 'c1']
          : [...values!, ...(column.endsWith('_id') ? ids : [])]
      case 'bigint':
        return [...values!, ...ids.filter((id) => /^\d+$/.test(id))]
      case 'ARRAY':
        return [
          ...values!,
          `{${this.members.ids['address']}}`,
          `{${this.members.ids['otherAddress']}}`,
        ]
      case 'jsonb':
        return [
          ...values!,
          ...(isOfAll(column) ? [] : variants(now)).map((one) => JSON.stringify(one)),
        ]
      default:
        return values!
    }
  }

  private async change(
    table: string,
    column: string,
    at: string,
    value: unknown,
  ): Promise<boolean> {
    const { owner } = this.members
    await owner.query('SAVEPOINT change')
    try {
      const done = await owner
        .query(
          `UPDATE ${table} SET ${column} = $1 WHERE ctid = $2::tid AND ${column} IS DISTINCT FROM $1`,
          [value, at],
        )
        .catch(() => null)
      if (!done?.rowCount) {
        return false
      }
      this.changes += 1
      await this.compare(`${table}.${column} = ${JSON.stringify(value)}`)
      return true
    } finally {
      await owner.query('ROLLBACK TO SAVEPOINT change')
    }
  }

  /** @returns how many members the statement judged. */
  private async compare(what: string): Promise<number> {
    const db = this.remembering()
    let spoken = 0
    for (const mustBeFresh of [true, false]) {
      const gate = await this.attempt(db, () => this.gate(db, mustBeFresh))
      const plain = await this.attempt(db, () => this.plain(db, mustBeFresh))
      spoken = plain?.size ?? 0
      if (differs(plain, gate)) {
        this.differing.push({ what, mustBeFresh, plain: shown(plain), gate: shown(gate) })
      }
      if (what === 'nothing') {
        this.usual.set(mustBeFresh, gate)
      }
      const isUsual = plain !== null && same(gate, this.usual.get(mustBeFresh)!)
      if (isUsual && mustBeFresh && what !== 'nothing') {
        // Both are eligible with proof. Without the need of proof they are too.
        break
      }
      // Without a condition the statement says what it usually says, which is wrong only where the gate does not.
      const isWrongWithout = async (conditions: readonly string[]) => {
        const without = lacking(db, conditions)
        return differs(await this.attempt(db, () => this.plain(without, mustBeFresh)), gate)
      }
      if (!isUsual && (await isWrongWithout([...this.needless]))) {
        for (const condition of this.needless) {
          if (await isWrongWithout([condition])) {
            this.needless.delete(condition)
          }
        }
      }
    }
    return spoken
  }

  /** null: it failed. */
  private async attempt(db: Queryable, judge: () => Promise<Verdicts>): Promise<Verdicts | null> {
    await db.query('SAVEPOINT attempt')
    try {
      return await judge()
    } catch {
      return null
    } finally {
      await db.query('ROLLBACK TO SAVEPOINT attempt')
    }
  }

  private async plain(db: Queryable, mustBeFresh: boolean): Promise<Verdicts> {
    const { session, sendoutRunId } = this.members
    const run = (await findSendoutRun(db, sendoutRunId))!
    const selection = { sendoutRunId, from: 0, limit: 1_000, eligibleOnly: false }
    const { verdicts } = await judgePlain(db, session, run, selection, { mustBeFresh })
    return new Map(verdicts.map(({ position, verdict }) => [position, verdict]))
  }

  private async gate(db: Queryable, mustBeFresh: boolean): Promise<Verdicts> {
    const { session, sendoutRunId } = this.members
    const run = (await findSendoutRun(db, sendoutRunId))!
    const positions = await db.query<{ position: number }>(
      `SELECT position FROM sendout_members WHERE sendout_run_id = $1`,
      [sendoutRunId],
    )
    const members = await membersAt(
      db,
      sendoutRunId,
      positions.map(({ position }) => position),
    )
    const judged = await judgeMembers(db, session, run, members, { mustBeFresh })
    return new Map(judged.map(({ position, verdict }) => [position, verdict]))
  }

  /** Runs the same question only once: nothing changes while both judge. */
  private remembering(): Queryable {
    const { owner } = this.members
    const answers = new Map<string, unknown[]>()
    return {
      query: async <Row>(sql: string, values: readonly unknown[] = []) => {
        const name = this.statements.get(sql) ?? `statement_${this.statements.size}`
        this.statements.set(sql, name)
        const question = JSON.stringify([sql, values])
        const known = sql.startsWith('SELECT') ? answers.get(question) : undefined
        const rows = known ?? (await owner.query({ name, text: sql, values: [...values] })).rows
        answers.set(question, rows)
        return rows as Row[]
      },
    }
  }
}

type Verdicts = ReadonlyMap<number, string>

/** Whether the column concerns all members. */
function isOfAll(column: string): boolean {
  return /^(connections|sendout_runs|categories|crm_times)[.]/.test(column)
}

/** Whether the statement gives somebody a verdict that the gate does not give. */
function differs(plain: Verdicts | null, gate: Verdicts | null): boolean {
  return [...(plain ?? [])].some(([position, verdict]) => gate?.get(position) !== verdict)
}

function same(one: Verdicts | null, other: Verdicts | null): boolean {
  return one?.size === other?.size && !differs(one, other)
}

function shown(verdicts: Verdicts | null): unknown {
  return verdicts && Object.fromEntries(verdicts)
}

/** The statement without the effect of these conditions. */
function lacking(db: Queryable, conditions: readonly string[]): Queryable {
  const without = (sql: string, condition: string) =>
    sql.replace(condition, (it) => `((${it}) OR true)`)
  return { query: (sql, values) => db.query(conditions.reduce(without, sql), values) }
}

const LEAVES = [null, true, 'deny', 'withdrawn', '77', 'us']

/** The same with one thing in it changed, left out or added. */
function variants(value: unknown): unknown[] {
  if (Array.isArray(value)) {
    return [
      [...(value as unknown[]), ...DEPARTED],
      ...value.flatMap((_, at) => value.filter((__, other) => other !== at)),
      ...value.flatMap((one, at) =>
        variants(one).map((other) => value.map((same: unknown, i) => (i === at ? other : same))),
      ),
    ]
  }
  if (typeof value === 'object' && value !== null) {
    const object = value as Record<string, unknown>
    return [
      { ...object, unmapped: true },
      ...Object.keys(object).flatMap((key) => {
        const { [key]: one, ...rest } = object
        return [rest, ...variants(one).map((other) => ({ ...object, [key]: other }))]
      }),
    ]
  }
  return LEAVES.filter((leaf) => leaf !== value)
}

/** A record that denied and is gone. */
const DEPARTED = [{ recordId: 'gone', value: 'deny', version: '1', want: null, left: true }]
