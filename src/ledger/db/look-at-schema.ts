import { readdir } from 'node:fs/promises'
import { AppError } from '../../contracts/app-error.js'
import { ADDRESS_KEY_VERSION } from '../../domain/email-address.js'
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
  const done = await readApplied(db)
  return {
    server: facts?.server ?? '',
    login: facts?.login ?? '',
    newest: done.at(-1)?.name ?? '',
    missing: await missingFrom(done),
    unguarded: await readUnguarded(db),
  }
}

/** BEFORE, with DELETE, UPDATE and TRUNCATE, in `pg_trigger.tgtype` (PostgreSQL's include/catalog/pg_trigger.h). */
const BEFORE_EVERY_CHANGE = 2 | 8 | 16 | 32

async function readUnguarded(db: Queryable): Promise<readonly string[]> {
  const guarded = await db.query<{ name: string }>(
    `SELECT tgrelid::regclass::text AS name FROM pg_trigger WHERE tgfoid = to_regproc('refuse_change')
      AND tgenabled IN ('O', 'A') AND tgtype & $1::int = $1::int`,
    [BEFORE_EVERY_CHANGE],
  )
  return EVIDENCE_TABLES.filter((table) => !guarded.some(({ name }) => name === table))
}

/**
 * Checks that the database has every migration of this release, keeps addresses by its keys, and lets nobody change
 * evidence. Migrations of a newer release do no harm: an older process must work with them (docs/ledger.md#migrations).
 * @throws AppError `database_not_migrated` with the names of what is missing; `evidence_unguarded` with the tables;
 * `ledger_keys_differ` if a newer release made the keys; other `database_…`.
 */
export async function requireSchema(db: Queryable): Promise<void> {
  const missing = await missingFrom(await readApplied(db))
  if (missing.length > 0) {
    throw notMigrated(missing.join(', '))
  }
  const [row] = await db.query<{ version: number }>('SELECT version FROM address_key_version')
  const version = row?.version ?? 0
  if (version < ADDRESS_KEY_VERSION) {
    throw notMigrated(`addresses by keys of version ${ADDRESS_KEY_VERSION}`)
  }
  if (version > ADDRESS_KEY_VERSION) {
    throw new AppError(
      'ledger_keys_differ',
      `This ledger keeps addresses by keys of version ${version}; this release, an older one, compares them by version ${ADDRESS_KEY_VERSION}.`,
      { path: 'DATABASE_URL', value: String(version) },
    )
  }
  const unguarded = await readUnguarded(db)
  if (unguarded.length > 0) {
    throw new AppError(
      'evidence_unguarded',
      `The trigger that keeps evidence from being changed is disabled or missing on ${unguarded.join(', ')}.`,
      { path: 'DATABASE_URL', value: unguarded.join(', ') },
    )
  }
}

function notMigrated(missing: string): AppError {
  return new AppError('database_not_migrated', `The schema lacks ${missing}.`, {
    path: 'DATABASE_URL',
    value: missing,
  })
}

interface Applied {
  readonly number: number
  readonly name: string
}

function readApplied(db: Queryable): Promise<readonly Applied[]> {
  return db.query<Applied>('SELECT number, name FROM schema_migrations ORDER BY number')
}

/** The files of this release without a row, compared by number as `lbsync migrate` compares them. */
async function missingFrom(applied: readonly Applied[]): Promise<readonly string[]> {
  const numbers = new Set(applied.map(({ number }) => number))
  const names = (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()
  return names.filter((name) => !numbers.has(Number.parseInt(name, 10)))
}
