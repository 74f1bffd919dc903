import { afterAll, afterEach, beforeAll } from '@jest/globals'
import { standInControl } from '../../../simulators/common/control-client.js'
import { startEmarketeer } from '../../../simulators/emarketeer/start.js'
import type { SuperofficeOptions } from '../../../simulators/superoffice/options.js'
import { startSuperoffice, type RunningSuperoffice } from '../../../simulators/superoffice/start.js'
import { Secret } from '../../../src/config/secret.js'
import { createSecretsVault } from '../../../src/config/secrets-vault.js'
import { CRM_DRIVERS } from '../../../src/crm/registry.js'
import { mergeFacts, saveConnection, setConnectionState } from '../../../src/ledger/connections.js'
import { openDatabase, type Database } from '../../../src/ledger/database.js'
import { Systems } from '../../../src/sync/systems.js'
import { withDatabase } from '../../support/with-database.js'
import { CONNECTION_ID } from './open-systems.js'
import { RichWorld } from './rich-world.js'
import { ACCOUNT_ID, SERVICE_KEY } from './stand-ins.js'
import { SuperOfficeCrm } from './superoffice-crm.js'

const CRM = 'superoffice-online'

/** A rich world whose CRM is SuperOffice's driver, over HTTP against its stand-in. */
export interface SuperOfficeWorld {
  readonly now: RichWorld
  readonly crm: SuperOfficeCrm
}

/** Gives a test file one such world, set up by the driver's own steps. After each test everything is at rest. */
export function withSuperOfficeWorld(
  switches: SuperofficeOptions['switches'] = {},
): SuperOfficeWorld {
  const database = withDatabase()
  let world: RichWorld | undefined
  let crm: SuperOfficeCrm | undefined
  let close: (() => Promise<void>) | undefined
  beforeAll(async () => {
    const superoffice = await startSuperoffice({ switches: { storeDefault: false, ...switches } })
    const emarketeer = await startEmarketeer({
      serviceKey: SERVICE_KEY,
      rateLimit: null,
      accounts: [{ accountId: ACCOUNT_ID, categories: [] }],
    })
    const db = openDatabase(database.url, { maxConnections: 6 })
    const systems = new Systems({
      db,
      drivers: CRM_DRIVERS,
      vault: createSecretsVault([new Secret('k'.repeat(32))]),
      variables: {
        CLIENT_SECRET: superoffice.handedOut.online!.clientSecret,
        USER_TOKEN: superoffice.handedOut.online!.systemUserToken,
        PRIVATE_KEY: superoffice.handedOut.online!.privateKeyPem,
      },
      emarketeer: { syncUrl: emarketeer.url, apiKey: SERVICE_KEY, connectUrl: emarketeer.url },
      allowLoopbackHttp: true,
    })
    close = async () => {
      systems.close()
      await db.close()
      await emarketeer.close()
      await superoffice.close()
    }
    crm = new SuperOfficeCrm(superoffice.world)
    world = new RichWorld(crm.asToy(), standInControl(emarketeer.controlUrl), db, systems)
    const { id: testPerson } = crm.add(['test.person@example.com'])
    await apply(db, superoffice, Number(testPerson))
    await setUp(world)
    await world.sweep()
  }, 60_000)
  afterEach(() => world!.expectRest())
  afterAll(() => close?.())
  return {
    get now() {
      return world!
    },
    get crm() {
      return crm!
    },
  }
}

async function apply(
  db: Database,
  { handedOut: { online } }: RunningSuperoffice,
  testPersonId: number,
): Promise<void> {
  const settings = {
    connectionId: CONNECTION_ID,
    accountId: ACCOUNT_ID,
    crm: CRM,
    legalBasisSync: true,
    subscriptionSync: false,
    createMissing: 'none',
    newlyMailableLimit: 1_000,
    subscriptionRowsPerDay: 0,
  } as const
  const section = {
    environment: 'sod',
    loginHost: online!.loginUrl,
    contextIdentifier: online!.contextIdentifier,
    testPersonId,
  }
  const secrets = {
    'superoffice.clientSecret': { env: 'CLIENT_SECRET' },
    'superoffice.systemUserToken': { env: 'USER_TOKEN' },
    'superoffice.privateKey': { env: 'PRIVATE_KEY' },
  }
  const config = { ...settings, sectionName: 'superoffice', section, secrets }
  await saveConnection(db, { ...settings, config })
}

/** The driver's steps, as the runner does them, each with the facts of those before. */
async function setUp(world: RichWorld): Promise<void> {
  for (const step of CRM_DRIVERS.get(CRM)!.setupSteps) {
    const { crm, call } = await world.session('setup')
    const context = { ...call, choice: null, subscriptionSync: false }
    const seen = await step.verify(crm!.session, context)
    if (seen.state === 'paused') {
      throw new Error(`${step.id} pauses: ${seen.pause.message}`)
    }
    const done = seen.state === 'due' ? await step.do(crm!.session, context) : {}
    const told = 'facts' in seen ? seen.facts : {}
    await mergeFacts(world.db, CONNECTION_ID, { ...told, ...done })
  }
  await setConnectionState(world.db, CONNECTION_ID, 'active')
}
