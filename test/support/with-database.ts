import { afterAll, beforeAll } from '@jest/globals'
import { askBroker, provisionTimeoutMs } from './ask-broker.js'
import { databaseUrl, runStatements, uniqueDatabaseName } from './broker-database.js'

/** A database of one test file's own. */
export interface TestDatabase {
  /** Its URL; known once `beforeAll` hooks run. */
  readonly url: string
}

/** Gives the test file (or `describe`) a fresh database with the newest schema, dropped at its end. */
export function withDatabase(): TestDatabase {
  const name = uniqueDatabaseName('test')
  let adminUrl: string | undefined
  beforeAll(async () => {
    const postgres = await askBroker('postgres')
    await runStatements(postgres.adminUrl, [
      `CREATE DATABASE ${name} TEMPLATE ${postgres.template}`,
    ])
    adminUrl = postgres.adminUrl
  }, provisionTimeoutMs)
  afterAll(async () => {
    if (adminUrl !== undefined) {
      await runStatements(adminUrl, [`DROP DATABASE ${name} WITH (FORCE)`])
    }
  })
  return {
    get url() {
      if (adminUrl === undefined) {
        throw new Error('The database is there from beforeAll on')
      }
      return databaseUrl(adminUrl, name)
    },
  }
}
