import { describe, expect, it } from '@jest/globals'
import { Client } from 'pg'
import { withDatabase } from '../support/with-database.js'
import { withProcesses } from '../support/with-processes.js'
import { withTemporal } from '../support/with-temporal.js'
import { withTimeSkipping } from '../support/with-time-skipping.js'

describe('what test files are given', () => {
  describe('databases', () => {
    const [one, other] = [withDatabase(), withDatabase()]

    it('have the newest schema, and share nothing', async () => {
      const [first, second] = [one, other].map(
        (db) => new Client({ connectionString: db.ownerUrl }),
      )
      await Promise.all([first!.connect(), second!.connect()])
      await first!.query('CREATE TABLE only_here (id integer)')
      const found = await second!.query(
        `SELECT to_regclass('only_here') AS here, to_regclass('schema_migrations')::text AS schema`,
      )
      expect(found.rows).toEqual([{ here: null, schema: 'schema_migrations' }])
      await Promise.all([first!.end(), second!.end()])
    })
  })

  describe('a Temporal namespace', () => {
    const temporal = withTemporal()

    it('takes workflows with our search attributes', async () => {
      const handle = await temporal.client.workflow.start('anything', {
        taskQueue: 'nobody-polls',
        workflowId: 'one',
        searchAttributes: { ConnectionId: ['acme'], Crm: ['dynamics'], Phase: ['running'] },
      })
      const described = await handle.describe()
      expect(described.searchAttributes).toMatchObject({ ConnectionId: ['acme'] })
    })
  })

  describe('a time-skipping server', () => {
    const time = withTimeSkipping()

    it('jumps over a day', async () => {
      const before = await time.environment.currentTimeMs()
      await time.environment.sleep('1 day')
      const passedMs = (await time.environment.currentTimeMs()) - before
      expect(passedMs).toBeGreaterThanOrEqual(86_400_000)
    })
  })

  describe('processes', () => {
    const processes = withProcesses()

    it('run with their arguments and environment, and end when stopped', async () => {
      const started = await processes.start({
        entry: 'test/dev/fixtures/ready.mjs',
        args: ['--port', '0'],
        env: { MARK: 'here' },
      })
      expect(started.ready).toMatchObject({ args: ['--port', '0'], mark: 'here' })
      await started.stop()
      await expect(started.exited).resolves.toBeNull()
    })

    it.each([
      ['none.mjs', /Cannot find module/],
      ['dies.mjs', /^The part ended \(3\) before it was ready\. It said last:\nError: no room$/],
    ])('that end before they are ready fail with what they said: %s', async (file, words) => {
      const entry = `test/dev/fixtures/${file}`
      const failed = processes.start({ entry, name: 'The part' })
      await expect(failed).rejects.toMatchObject({
        code: 'stack_part_ended',
        message: expect.stringMatching(words) as unknown,
      })
    })
  })
})
