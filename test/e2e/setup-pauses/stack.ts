import type { FastifyInstance } from 'fastify'
import { Worker } from '@temporalio/worker'
import { standInControl, type StandInControl } from '../../../simulators/common/control-client.js'
import { startEmarketeer } from '../../../simulators/emarketeer/start.js'
import { createSweepActivities } from '../../../src/activities/sweep-activities.js'
import { createLifecycleActivities } from '../../../src/activities/lifecycle-activities.js'
import { createSetupActivities } from '../../../src/activities/setup-activities.js'
import { createSyncActivities } from '../../../src/activities/sync-activities.js'
import { storeConnection } from '../../../src/app/connection/store-connection.js'
import { parseConnectionFile } from '../../../src/config/connection/parse-connection-file.js'
import { Secret } from '../../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../../src/config/secrets/secrets-vault.js'
import { toStoredConfig } from '../../../src/config/connection/stored-config.js'
import { QUEUES } from '../../../src/contracts/names.js'
import type { SetupActivities } from '../../../src/contracts/setup-activities.js'
import { CRM_DRIVERS } from '../../../src/crm/registry.js'
import { freePort } from '../../../dev/embedded/start-program.js'
import { createGateway, listen } from '../../../src/gateway/server.js'
import { openDatabase, type Database } from '../../../src/ledger/db/database.js'
import { Systems } from '../../../src/connection/systems.js'
import { logger } from '../../../src/telemetry/logger.js'
import type { TestTemporal } from '../../support/with-temporal.js'
import { workflowBundle } from '../../support/workflow-bundle.js'

const SERVICE_KEY = 'service-key'

/** Worker, gateway, ledger and eMarketeer, shared by all cases. */
export interface SetupStack {
  readonly db: Database
  readonly temporal: TestTemporal
  readonly emarketeer: StandInControl
  /** The worker's activities, for attempts that the server did not start. */
  readonly activities: SetupActivities
  /** Checks and stores a connection file, as `lbsync connection apply --no-setup` does. */
  store(file: object): Promise<void>
  gateway(state: 'up' | 'down'): Promise<void>
  close(): Promise<void>
}

/** Assembles the product as its processes do, with the real drivers. */
export async function startSetupStack(
  databaseUrl: string,
  temporal: TestTemporal,
): Promise<SetupStack> {
  const emarketeer = await startEmarketeer({ serviceKey: SERVICE_KEY, rateLimit: null })
  const db = openDatabase(databaseUrl, { maxConnections: 8 })
  const vault = createSecretsVault([new Secret('v'.repeat(40))])
  const { url } = emarketeer
  const systems = new Systems({
    db,
    drivers: CRM_DRIVERS,
    vault,
    variables: {},
    emarketeer: { syncUrl: url, apiKey: SERVICE_KEY, connectUrl: url },
    allowLoopbackHttp: true,
  })
  const { client } = temporal
  const port = await freePort()
  const publicUrl = `http://127.0.0.1:${port}`
  let app: FastifyInstance | null = null
  const gateway = async (state: 'up' | 'down') => {
    if (state === 'down') {
      await app?.close()
      app = null
    } else if (app === null) {
      app = createGateway({
        systems,
        db,
        vault,
        temporal: { client: async () => client, close: async () => {} },
        apiKey: new Secret('k'.repeat(40)),
        log: logger('gateway'),
      })
      await listen(app, { port })
    }
  }
  await gateway('up')
  const activities = createSetupActivities({ systems, vault, publicUrl })
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    namespace: temporal.namespace,
    taskQueue: QUEUES.setup,
    workflowBundle: await workflowBundle(),
    activities: {
      ...createSyncActivities(systems),
      ...activities,
      ...createLifecycleActivities({ systems, temporal: client }),
      ...createSweepActivities({ systems, temporal: client }),
    },
    shutdownGraceTime: '2 seconds',
  })
  const running = worker.run()
  return {
    db,
    temporal,
    activities,
    emarketeer: standInControl(emarketeer.controlUrl),
    async store(given) {
      const options = { drivers: [...CRM_DRIVERS.values()], env: {}, allowLoopbackHttp: true }
      const file = parseConnectionFile(JSON.stringify(given), 'a file', options)
      await storeConnection(db, file, toStoredConfig(file, vault))
    },
    gateway,
    async close() {
      worker.shutdown()
      await running
      await gateway('down')
      systems.close()
      await db.close()
      await emarketeer.close()
    },
  }
}
