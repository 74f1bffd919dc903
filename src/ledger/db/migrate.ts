import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { AppError } from '../../contracts/app-error.js'
import { ADDRESS_KEY_VERSION } from '../../domain/email-address.js'
import { toDatabaseError } from './database-error.js'
import { APPLICATION_ROLE } from './session-options.js'
import pg from 'pg'

/** One numbered file of `migrations/`. */
interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

/** The result of {@link migrate}. */
export interface MigrationReport {
  readonly applied: readonly string[]
  readonly current: string | null
  /** Logins that were created or had their password set. */
  readonly logins: readonly string[]
}

export const MIGRATIONS: URL = new URL('./migrations/', import.meta.url)
/** Any fixed number. With it, two migrating processes wait for each other. */
const ADVISORY_LOCK_ID = 7_210_031

async function readMigrations(): Promise<readonly Migration[]> {
  const names = (await readdir(MIGRATIONS)).filter((name) => /^\d{4}_.*\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, MIGRATIONS), 'utf8')
      const checksum = createHash('sha256').update(sql).digest('hex')
      return { number: Number(name.slice(0, 4)), name, sql, checksum }
    }),
  )
}

/**
 * Brings the database to the newest schema: numbered files, forward only, each in its own transaction, under a lock. It
 * is safe to repeat, and safe if two processes run it at the same time.
 * @param databaseUrl the owner's.
 * @param logins to create, or whose password to set, afterwards.
 * @throws AppError `database_unreachable`; `ledger_keys_differ` if it holds address keys of another version, before
 * anything is changed; `internal` if an applied file was changed since.
 */
export async function migrate(
  databaseUrl: string,
  logins: readonly Login[] = [],
): Promise<MigrationReport> {
  const client = clientOf(databaseUrl)
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK_ID])
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migrations (
      number integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now())`)
    await refuseOtherKeys(client)
    const report = await applyMissing(client, await readMigrations())
    await client.query(
      `INSERT INTO address_key_version (version) VALUES ($1)
        ON CONFLICT (only_row) DO UPDATE SET version = excluded.version`,
      [ADDRESS_KEY_VERSION],
    )
    await makeLogins(client, logins)
    return { ...report, logins: logins.map(({ name }) => name) }
  } catch (error) {
    throw toDatabaseError(error)
  } finally {
    await client.end().catch(() => undefined)
  }
}

function clientOf(databaseUrl: string): pg.Client {
  try {
    const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
    // The next statement reports a connection that died.
    return client.on('error', () => undefined)
  } catch (error) {
    // The constructor reads certificate files.
    throw toDatabaseError(error)
  }
}

/**
 * Refuses a ledger with keys of another version. Keys come from original spellings, of which the ledger stores only
 * some (`emarketeer_contacts.spelling`), so they cannot be converted. With two kinds of keys an opt-out would be lost.
 */
async function refuseOtherKeys(client: pg.Client): Promise<void> {
  if (!(await exists(client, 'addresses'))) {
    return
  }
  const { rows } = await client.query('SELECT 1 FROM addresses LIMIT 1')
  const stored = await storedKeyVersion(client)
  if (rows.length > 0 && stored !== ADDRESS_KEY_VERSION) {
    throw new AppError(
      'ledger_keys_differ',
      `This ledger keeps addresses by keys of version ${stored}; this release compares them by version ${ADDRESS_KEY_VERSION}.`,
      { path: 'DATABASE_URL', value: String(stored) },
    )
  }
}

/** The key version of the stored addresses. Version 1 was not stored. */
async function storedKeyVersion(client: pg.Client): Promise<number> {
  if (!(await exists(client, 'address_key_version'))) {
    return 1
  }
  const { rows } = await client.query<{ version: number }>(
    'SELECT version FROM address_key_version',
  )
  return rows[0]?.version ?? 1
}

async function exists(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>(
    'SELECT to_regclass($1) IS NOT NULL AS found',
    [table],
  )
  return rows[0]?.found === true
}

async function applyMissing(
  client: pg.Client,
  migrations: readonly Migration[],
): Promise<Omit<MigrationReport, 'logins'>> {
  const { rows } = await client.query<{ number: number; checksum: string }>(
    'SELECT number, checksum FROM schema_migrations',
  )
  const done = new Map(rows.map((row) => [row.number, row.checksum]))
  const applied: string[] = []
  for (const migration of migrations) {
    const checksum = done.get(migration.number)
    if (checksum !== undefined && checksum !== migration.checksum) {
      throw new AppError(
        'internal',
        `Migration ${migration.name} was changed after it had run. Put it back; add a new number instead.`,
      )
    }
    if (checksum === undefined) {
      await apply(client, migration)
      applied.push(migration.name)
    }
  }
  return { applied, current: migrations.at(-1)?.name ?? null }
}

async function apply(client: pg.Client, { number, name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN')
  try {
    await client.query(sql)
    await client.query(
      'INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)',
      [number, name, checksum],
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

/** A process's login. It may take the application's role and has no other rights. */
export interface Login {
  readonly name: string
  /** Printable ASCII, which SASLprep does not change. */
  readonly password: string
}

/** PostgreSQL's default for `scram_iterations`. */
const ITERATIONS = 4096
const KEY_BYTES = 32

/**
 * Creates logins, or sets the password of existing ones. @param client connected as the owner, who may create roles.
 */
async function makeLogins(client: pg.ClientBase, logins: readonly Login[]): Promise<void> {
  for (const { name, password } of logins) {
    const login = pg.escapeIdentifier(name)
    const { rows } = await client.query('SELECT 1 FROM pg_roles WHERE rolname = $1', [name])
    const verb = rows.length === 0 ? 'CREATE' : 'ALTER'
    const verifier = pg.escapeLiteral(scramVerifier(password, randomBytes(16)))
    await client.query(`${verb} ROLE ${login} LOGIN INHERIT PASSWORD ${verifier}`)
    await client.query(`GRANT ${APPLICATION_ROLE} TO ${login}`)
  }
}

/**
 * PostgreSQL's stored form of a password, `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5803).
 * Computed here, so that no statement and no server log contains the password.
 */
export function scramVerifier(password: string, salt: Buffer): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256')
  const keyOf = (what: string) => createHmac('sha256', salted).update(what).digest()
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64')
  const serverKey = keyOf('Server Key').toString('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

/** A unique login, for a stack or a test run. */
export function uniqueLogin(kind: string): Login {
  const name = `lbsync_${kind}_${randomBytes(6).toString('hex')}`
  return { name, password: randomBytes(24).toString('hex') }
}

/** Removes a login. Open sessions continue until they end. @param databaseUrl the owner's. */
export async function dropLogin(databaseUrl: string, { name }: Login): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  // Without a listener a closed connection would end the process. The next statement fails.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

/** The same database's URL with another login. @param databaseUrl with any login. */
export function urlOf(databaseUrl: string, { name, password }: Login): string {
  const url = new URL(databaseUrl)
  url.username = name
  url.password = password
  return url.href
}
