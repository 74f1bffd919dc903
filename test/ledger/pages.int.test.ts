import { expect, it } from '@jest/globals'
import { Client } from 'pg'
import { blocksOf } from '../support/documents.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
const statements = await blocksOf('docs/ledger.md', 'sql')

it('stands on the page', () => expect(statements.length).toBeGreaterThanOrEqual(3))

it.each(statements)('docs/ledger.md: the owner may run %s', async (statement) => {
  const client = new Client({ connectionString: database.ownerUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
})
