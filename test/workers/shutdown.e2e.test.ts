import { expect, it } from '@jest/globals'
import { saveConnection, setConnectionState } from '../../src/ledger/connection/connections.js'
import { openDatabase } from '../../src/ledger/db/database.js'
import type { RunningProcess } from '../support/start-process.js'
import { withDatabase } from '../support/with-database.js'
import { withProcesses } from '../support/with-processes.js'
import { withTemporal } from '../support/with-temporal.js'
import { settings } from '../support/settings.js'

const temporal = withTemporal()
const database = withDatabase()
const processes = withProcesses()
const connectionId = 'acme-dynamics'
/** The usual grace period, as of Kubernetes. */
const GRACE_MS = 30_000
const START_MS = 10 * GRACE_MS

function startWorker(): Promise<RunningProcess<unknown>> {
  const nowhere = 'http://127.0.0.1:9'
  return processes.start({
    entry: 'bin/lbsync.mjs',
    args: ['worker', '--json'],
    readyTimeoutMs: START_MS,
    env: {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      EMARKETEER_SYNC_URL: nowhere,
      EMARKETEER_CONNECT_URL: nowhere,
      EMARKETEER_API_KEY: 'none-of-more-than-thirty-two-characters',
      PUBLIC_URL: nowhere,
      GATEWAY_API_KEY: 'k'.repeat(40),
      ALLOW_LOOPBACK_HTTP: 'true',
    },
  })
}

it(
  'a worker that is stopped while an activity waits for a lock is gone within the grace',
  async () => {
    const db = openDatabase(database.url, { maxConnections: 2 })
    await saveConnection(db, settings({ connectionId }))
    await setConnectionState(db, connectionId, 'active')
    const worker = await startWorker()
    await db.transaction(async (tx) => {
      await tx.query('SELECT 1 FROM connections WHERE connection_id = $1 FOR UPDATE', [
        connectionId,
      ])
      await temporal.client.workflow.start('pauseConnection', {
        workflowId: `pause/${connectionId}`,
        taskQueue: 'setup',
        args: [{ connectionId, mode: 'all', reason: 'A test', by: 'Kari' }],
      })
      await untilWaiting()
      const toldMs = performance.now()
      process.kill(worker.pid, 'SIGTERM')
      expect(await worker.exited).toBe(0)
      expect(performance.now() - toldMs).toBeLessThan(GRACE_MS)
    })
    await db.close()

    async function untilWaiting(): Promise<void> {
      for (;;) {
        const rows = await db.query('SELECT 1 FROM pg_locks WHERE NOT granted')
        if (rows.length > 0) {
          return
        }
      }
    }
  },
  START_MS + 4 * GRACE_MS,
)

it.each(['SIGQUIT', 'SIGUSR2'] as const)(
  'a worker ends in order by %s',
  async (signal) => {
    const worker = await startWorker()
    process.kill(worker.pid, signal)
    expect(await worker.exited).toBe(0)
    expect(worker.stderr()).not.toContain('Error ')
  },
  START_MS + GRACE_MS,
)
