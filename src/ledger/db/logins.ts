import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import pg from 'pg'
import { APPLICATION_ROLE } from './session-options.js'

/** A login of a process: it may work as the application's role, and nothing more. */
export interface Login {
  readonly name: string
  /** Printable ASCII, so that it is the same text to everybody (SASLprep leaves it as it is). */
  readonly password: string
}

/** PostgreSQL's own default of `scram_iterations`. */
const ITERATIONS = 4096
const KEY_BYTES = 32

/** Makes logins, or gives those that are there their password. @param client connected as the owner, who may make roles. */
export async function makeLogins(client: pg.ClientBase, logins: readonly Login[]): Promise<void> {
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
 * What PostgreSQL keeps of a password, `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (RFC 5803). Made here, so
 * that the password itself is in no statement, and so in no log of the server.
 */
export function scramVerifier(password: string, salt: Buffer): string {
  const salted = pbkdf2Sync(password, salt, ITERATIONS, KEY_BYTES, 'sha256')
  const keyOf = (what: string) => createHmac('sha256', salted).update(what).digest()
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64')
  const serverKey = keyOf('Server Key').toString('base64')
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${storedKey}:${serverKey}`
}

/** A login that nobody else has, for a stack or a run of tests. */
export function uniqueLogin(kind: string): Login {
  const name = `lbsync_${kind}_${randomBytes(6).toString('hex')}`
  return { name, password: randomBytes(24).toString('hex') }
}

/** Removes a login; whoever is signed in by it goes on until it ends. @param databaseUrl of the owner. */
export async function dropLogin(databaseUrl: string, { name }: Login): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  // A connection that is cut between two statements fails the next one; unheard, it would end the process.
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(`DROP ROLE IF EXISTS ${pg.escapeIdentifier(name)}`)
  } finally {
    await client.end()
  }
}

/** The same database, by another login. @param databaseUrl of whomever. */
export function urlOf(databaseUrl: string, { name, password }: Login): string {
  const url = new URL(databaseUrl)
  url.username = name
  url.password = password
  return url.href
}
