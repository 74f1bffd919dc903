import { readdir } from 'node:fs/promises'
import { EVIDENCE_TABLES } from './check-login.js'
import type { Queryable } from './database.js'
import { MIGRATIONS } from './migrate.js'

/** The state of the database, as far as its login may see it. */
export interface SchemaState {
  /** PostgreSQL's version, such as `18.1`. */
  readonly server: string
  readonly login: string
  /** The newest migration that was applied. */
  readonly newest: string
  /** Migrations of this release that were not applied. */
  readonly missing: readonly string[]
  /** Evidence tables whose append-only trigger is disabled or missing. */
  readonly unguarded: readonly string[]
}

/** Reads the state of the schema. @throws AppError `database_…` */
export async function lookAtSchema(db: Queryable): Promise<SchemaState> {
  const [facts] = await db.query<{ server: string; login: string }>(
    `SELECT split_part(current_setting('server_version'), ' ', 1) AS server, session_user::text AS login`,
  )
  const done = await db.query<{ name: string }>(
    'SELECT name FROM schema_migrations ORDER BY number',
  )
  const guarded = await db.query<{ name: string }>(
    `SELECT DISTINCT tgrelid::regclass::text AS name FROM pg_trigger
      WHERE tgfoid = to_regproc('refuse_change') AND tgenabled IN ('O', 'A')`,
  )
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()
  const has = (rows: readonly { name: string }[], name: string) =>
    rows.some((row) => row.name === name)
  return {
    server: facts?.server ?? '',
    login: facts?.login ?? '',
    newest: done.at(-1)?.name ?? '',
    missing: names.filter((name) => !has(done, name)),
    unguarded: EVIDENCE_TABLES.filter((name) => !has(guarded, name)),
  }
}
