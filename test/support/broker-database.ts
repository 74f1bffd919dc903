import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { type Login, migrate } from '../../src/ledger/db/migrate.js'

/** Runs statements one by one on their own connection (they must not share a transaction). */
export async function runStatements(url: string, statements: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const statement of statements) {
      await client.query(statement)
    }
  } finally {
    await client.end()
  }
}

/** The URL of another database on the same server, with the same user. */
export function databaseUrl(adminUrl: string, database: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${database}`
  return url.href
}

export function uniqueDatabaseName(kind: 'template' | 'test'): string {
  return `lbsync_${kind}_${randomBytes(6).toString('hex')}`
}

/** Creates a database with the newest schema. Every test file gets a copy, which is faster than migrating. */
export async function makeTemplate(adminUrl: string, login: Login): Promise<string> {
  const name = uniqueDatabaseName('template')
  await runStatements(adminUrl, [`CREATE DATABASE ${name}`])
  await migrate(databaseUrl(adminUrl, name), [login])
  return name
}

/** Removes what {@link makeTemplate} made. */
export async function dropTemplate(adminUrl: string, name: string): Promise<void> {
  await runStatements(adminUrl, [`DROP DATABASE ${name} WITH (FORCE)`])
}
