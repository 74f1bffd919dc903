import { afterAll, beforeAll } from '@jest/globals'
import { urlOf } from '../../src/ledger/db/migrate.js'
import { askBroker, provisionTimeoutMs } from './ask-broker.js'
import { databaseUrl, runStatements, uniqueDatabaseName } from './broker-database.js'

export interface TestDatabase {
  /** URL with the product's login; available when `beforeAll` hooks run. */
  readonly url: string
  /** URL of the owner, who has all rights. */
  readonly ownerUrl: string
}

/** Creates a database with the newest schema for the test file (or `describe`), and drops it at the end. */
export function withDatabase(): TestDatabase {
  const name = uniqueDatabaseName('test')
  let ownerUrl: string | undefined
  let url: string | undefined
  let adminUrl: string | undefined
  beforeAll(async () => {
    const postgres = await askBroker('postgres')
    await runStatements(postgres.adminUrl, [
      `CREATE DATABASE ${name} TEMPLATE ${postgres.template}`,
    ])
    adminUrl = postgres.adminUrl
    ownerUrl = databaseUrl(adminUrl, name)
    url = urlOf(ownerUrl, postgres.login)
  }, provisionTimeoutMs)
  afterAll(async () => {
    if (adminUrl !== undefined) {
      await runStatements(adminUrl, [`DROP DATABASE ${name} WITH (FORCE)`])
    }
  })
  return {
    get url() {
      return known(url)
    },
    get ownerUrl() {
      return known(ownerUrl)
    },
  }
}

function known(url: string | undefined): string {
  if (url === undefined) {
    throw new Error('The database is there from beforeAll on')
  }
  return url
}
