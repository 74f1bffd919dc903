import type { FastifyInstance } from 'fastify'
import { Worker } from '@temporalio/worker'
import { standInControl, type StandInControl } from '../../simulators/common/control-client.js'
import { startEmarketeer } from '../../simulators/emarketeer/start.js'
import { createSweepActivities } from '../../src/activities/sweep-activities.js'
import { createLifecycleActivities } from '../../src/activities/lifecycle-activities.js'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import { createSetupActivities } from '../../src/activities/setup-activities.js'
import { createSyncActivities } from '../../src/activities/sync-activities.js'
import { createCampaignClient, type CampaignClient } from '../../src/client/index.js'
import { storeConnection } from '../../src/app/connection/store-connection.js'
import { parseConnectionFile } from '../../src/config/connection/parse-connection-file.js'
import { Secret } from '../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../src/config/secrets/secrets-vault.js'
import { toStoredConfig } from '../../src/config/connection/stored-config.js'
import { QUEUES } from '../../src/contracts/names.js'
import type { CrmDriver } from '../../src/crm/crm.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { createGateway, listen } from '../../src/gateway/server.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { Systems } from '../../src/connection/systems.js'
import { logger } from '../../src/telemetry/logger.js'
import type { TestTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'

const SERVICE_KEY = 'service-key'
const API_KEY = new Secret('k'.repeat(40))
/** eMarketeer's account. */
export const ACCOUNT_ID = '1001'

/** Workers, gateway and campaign client of the product, with one more CRM in its registry. */
export interface WholeProduct {
  readonly db: Database
  readonly emarketeer: StandInControl
  readonly campaigns: CampaignClient
  /** Applies a connection file, as the command does, without starting set-up. */
  apply(file: object): Promise<void>
  close(): Promise<void>
}

/** Assembles it as its processes do; only the registry has one more line. */
export async function startProduct(
  databaseUrl: string,
  temporal: TestTemporal,
  further: CrmDriver,
): Promise<WholeProduct> {
  const emarketeer = await startEmarketeer({
    serviceKey: SERVICE_KEY,
    sources: [further.emarketeerSource],
    rateLimit: null,
    webhookTimeScale: 0.001,
    accounts: [{ accountId: ACCOUNT_ID, categories: [] }],
  })
  const db = openDatabase(databaseUrl, { maxConnections: 6 })
  const vault = createSecretsVault([new Secret('v'.repeat(40))])
  const drivers = new Map([...CRM_DRIVERS, [further.crm, further]])
  const { url } = emarketeer
  const systems = new Systems({
    db,
    drivers,
    vault,
    variables: {},
    emarketeer: { syncUrl: url, apiKey: SERVICE_KEY, connectUrl: url },
    allowLoopbackHttp: true,
  })
  const { client } = temporal
  const app: FastifyInstance = createGateway({
    systems,
    db,
    vault,
    temporal: { client: async () => client, close: async () => {} },
    apiKey: API_KEY,
    log: logger('gateway'),
  })
  const publicUrl = await listen(app, { port: 0 })
  const activities = {
    ...createSyncActivities(systems),
    ...createPreSendActivities(systems),
    ...createSetupActivities({ systems, vault, publicUrl }),
    ...createLifecycleActivities({ systems, temporal: client }),
    ...createSweepActivities({ systems, temporal: client }),
  }
  const bundle = await workflowBundle()
  const workers = await Promise.all(
    Object.values(QUEUES).map((taskQueue) =>
      Worker.create({
        connection: temporal.nativeConnection,
        namespace: temporal.namespace,
        taskQueue,
        workflowBundle: bundle,
        activities,
        shutdownGraceTime: '2 seconds',
      }),
    ),
  )
  const running = Promise.all(workers.map((worker) => worker.run()))
  return {
    db,
    emarketeer: standInControl(emarketeer.controlUrl),
    campaigns: createCampaignClient({
      temporal: client,
      gatewayUrl: publicUrl,
      gatewayApiKey: API_KEY.reveal(),
    }),
    async apply(given) {
      const options = { drivers: [...drivers.values()], env: {}, allowLoopbackHttp: true }
      const file = parseConnectionFile(JSON.stringify(given), 'a file', options)
      await storeConnection(db, file, toStoredConfig(file, vault))
    },
    async close() {
      workers.forEach((worker) => worker.shutdown())
      await running
      await app.close()
      systems.close()
      await db.close()
      await emarketeer.close()
    },
  }
}
