import { hostname, userInfo } from 'node:os'
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals'
import { pauseConnection } from '../../src/app/connection/interventions.js'
import type { Output } from '../../src/cli/output.js'
import { saveConnection, setConnectionState } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { withDatabase } from '../support/with-database.js'
import { hang } from '../workflows/support/default-activities.js'
import { FakeWorld } from '../workflows/support/fake-world.js'
import { withSetups } from './setup-fakes.js'
import { settings } from '../support/settings.js'

jest.setTimeout(480_000)
const setups = withSetups()
const database = withDatabase()
const command = { connectionId: 'acme', reason: 'A mass change went wrong', by: 'Kari' }
const output = { note: () => undefined } as unknown as Output
let db: Database

beforeAll(async () => {
  db = openDatabase(database.url, { maxConnections: 1 })
  await saveConnection(db, settings())
  await setConnectionState(db, 'acme', 'active')
  process.env['DATABASE_URL'] = database.url
  process.env['TEMPORAL_ADDRESS'] = setups.temporal.address
  process.env['TEMPORAL_NAMESPACE'] = setups.temporal.namespace
})
afterAll(() => db.close())

it('a pause that runs is joined by the same, and not by one that would stop less', async () => {
  let release!: () => void
  const released = new Promise<void>((resolve) => (release = resolve))
  setups.world = new FakeWorld({ pauseConnection: () => Promise.race([released, hang()]) })
  const first = pauseConnection(command, 'all', output)
  await setups.world.called('pauseConnection')
  const other = pauseConnection(command, 'loosening', output)
  await expect(other).rejects.toMatchObject({ code: 'request_differs', path: 'mode' })
  const same = pauseConnection(command, 'all', output)
  release()
  expect(await first).toMatchObject({ joined: false })
  expect(await same).toMatchObject({ workflowId: 'pause/acme' })
  // Whatever --by states, Temporal names the user of the operating system.
  const { events } = await setups.temporal.client.workflow.getHandle('pause/acme').fetchHistory()
  expect(events?.[0]?.workflowExecutionStartedEventAttributes?.identity).toBe(
    `${userInfo().username}@${hostname()}`,
  )
})
