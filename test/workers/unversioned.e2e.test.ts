import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Client, Connection } from '@temporalio/client'
import { startTemporalServer, type TemporalServer } from '../../dev/embedded/temporal-server.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withDatabase } from '../support/with-database.js'
import { withProcesses } from '../support/with-processes.js'

const database = withDatabase()
const processes = withProcesses()
let server: TemporalServer

beforeAll(async () => {
  server = await startTemporalServer({ settings: ['system.enableDeploymentVersions=false'] })
}, provisionTimeoutMs)
afterAll(() => server.stop())

it('on a server that does not distinguish builds workers work all the same, and say so', async () => {
  const nowhere = 'http://127.0.0.1:9'
  const env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: server.address,
    EMARKETEER_SYNC_URL: nowhere,
    EMARKETEER_CONNECT_URL: nowhere,
    EMARKETEER_API_KEY: 'none-of-more-than-thirty-two-characters',
    PUBLIC_URL: nowhere,
    BUILD_ID: 'named-by-us',
    ALLOW_LOOPBACK_HTTP: 'true',
  }
  const args = ['worker', '--json']
  const worker = await processes.start({
    entry: 'bin/lbsync.mjs',
    args,
    env,
    readyTimeoutMs: 300_000,
  })
  expect(worker.ready).toMatchObject({ buildId: 'named-by-us', releaseState: 'unversioned' })
  expect(worker.stderr()).toContain('workers have no version')
  const connection = await Connection.connect({ address: server.address })
  const handle = await new Client({ connection }).workflow.start('sweepRun', {
    workflowId: 'sweep/acme-dynamics/run',
    taskQueue: 'sweep',
    args: ['not an object'],
  })
  await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'value_invalid' } })
  await connection.close()
}, 480_000)
