import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Client } from 'pg'
import { startPostgres, type PostgresServer } from '../../dev/embedded/postgres.js'
import { machineBinaries } from '../../dev/embedded/postgres.js'

const sources = ['package', ...((await machineBinaries()) ? ['machine' as const] : [])] as const

describe('a PostgreSQL of our own', () => {
  const given = process.env['DATABASE_URL']
  let server: PostgresServer | undefined

  beforeEach(() => {
    delete process.env['DATABASE_URL']
  })

  afterEach(async () => {
    if (given !== undefined) {
      process.env['DATABASE_URL'] = given
    }
    await server?.stop()
  })

  it.each(sources)(
    'from the %s takes two sessions that exclude each other, and is gone when stopped',
    async (source) => {
      server = await startPostgres({ source })
      const first = new Client({ connectionString: server.url })
      const second = new Client({ connectionString: server.url })
      await Promise.all([first.connect(), second.connect()])
      const lock = 'SELECT pg_try_advisory_lock(1) AS taken'
      expect((await first.query(lock)).rows).toEqual([{ taken: true }])
      expect((await second.query(lock)).rows).toEqual([{ taken: false }])
      await Promise.all([first.end(), second.end()])
      await server.stop()
      const late = new Client({ connectionString: server.url })
      await expect(late.connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    },
    60_000,
  )

  it('is not started where DATABASE_URL names one', async () => {
    process.env['DATABASE_URL'] = 'postgres://nobody@127.0.0.1:1/given'
    server = await startPostgres()
    expect(server.url).toBe('postgres://nobody@127.0.0.1:1/given')
  })
})
