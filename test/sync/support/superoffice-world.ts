import { afterAll, afterEach, beforeAll } from '@jest/globals'
import { standInControl } from '../../../simulators/common/control-client.js'
import { startEmarketeer } from '../../../simulators/emarketeer/start.js'
import type { SuperofficeOptions } from '../../../simulators/superoffice/options.js'
import { startSuperoffice, type RunningSuperoffice } from '../../../simulators/superoffice/start.js'
import { parseConnectionFile } from '../../../src/config/connection/parse-connection-file.js'
import { Secret } from '../../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../../src/config/secrets/secrets-vault.js'
import { toStoredConfig } from '../../../src/config/connection/stored-config.js'
import { CRM_DRIVERS } from '../../../src/crm/registry.js'
import { storeConnection } from '../../../src/app/connection/store-connection.js'
import { mergeFacts, setConnectionState } from '../../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../../src/ledger/db/database.js'
import { Systems } from '../../../src/connection/systems.js'
import { withDatabase } from '../../support/with-database.js'
import { CONNECTION_ID } from './open-systems.js'
import { RichWorld } from './rich-world.js'
import { ACCOUNT_ID, SERVICE_KEY } from './stand-ins.js'
import { SuperOfficeCrm } from './superoffice-crm.js'

const CRM = 'superoffice-online'
const VAULT = createSecretsVault([new Secret('k'.repeat(32))])

/** A rich world whose CRM is SuperOffice's driver, over HTTP against its stand-in. */
export interface SuperOfficeWorld {
  readonly now: RichWorld
  readonly crm: SuperOfficeCrm
  /** The database, as its owner. */
  readonly ownerUrl: string
  /** Applies the connection's file again, with more keys in its section `superoffice` and beside it. */
  applies(section: object, settings?: object): Promise<void>
}

/**
 * Creates such a world for a test file; the driver's own steps set it up. After each test everything must be at rest.
 */
export function withSuperOfficeWorld(
  switches: SuperofficeOptions['switches'] = {},
  choices: { readonly testPerson?: boolean } = {},
): SuperOfficeWorld {
  const database = withDatabase()
  let world: RichWorld | undefined
  let crm: SuperOfficeCrm | undefined
  let apply: ((section: object, settings?: object) => Promise<void>) | undefined
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
      vault: VAULT,
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
    const more = choices.testPerson
      ? { testPersonId: Number(crm.add(['test.person@example.com']).id) }
      : {}
    apply = (section, settings = {}) =>
      applyFile(db, superoffice, { ...more, ...section }, settings)
    await apply({})
    await setUp(world)
    await world.sweep()
  }, 480_000)
  afterEach(() => world!.expectRest())
  afterAll(() => close?.())
  return {
    get now() {
      return world!
    },
    get crm() {
      return crm!
    },
    get ownerUrl() {
      return database.ownerUrl
    },
    applies: (section, settings) => apply!(section, settings),
  }
}

/** Reads and stores a file as `connection apply` does. The file contains only what is required. */
async function applyFile(
  db: Database,
  { handedOut: { online } }: RunningSuperoffice,
  more: object,
  settings: object,
): Promise<void> {
  const text = JSON.stringify({
    connectionId: CONNECTION_ID,
    accountId: ACCOUNT_ID,
    crm: CRM,
    legalBasisSync: true,
    newlyMailableLimit: 1_000,
    ...settings,
    superoffice: {
      environment: 'sod',
      loginHost: online!.loginUrl,
      contextIdentifier: online!.contextIdentifier,
      clientSecret: { env: 'CLIENT_SECRET' },
      systemUserToken: { env: 'USER_TOKEN' },
      privateKey: { env: 'PRIVATE_KEY' },
      ...more,
    },
  })
  const file = parseConnectionFile(text, 'acme.json', {
    drivers: [...CRM_DRIVERS.values()],
    env: { CLIENT_SECRET: 'x', USER_TOKEN: 'x', PRIVATE_KEY: 'x' },
    allowLoopbackHttp: true,
  })
  await storeConnection(db, file, toStoredConfig(file, VAULT))
}

/** Runs the driver's steps as the runner does, each with the facts of the previous ones. */
async function setUp(world: RichWorld): Promise<void> {
  for (const step of CRM_DRIVERS.get(CRM)!.setupSteps) {
    const { crm, call } = await world.session('setup')
    const context = { ...call, choice: null, subscriptionSync: false }
    const seen = await step.verify(crm!.client, context)
    if (seen.state === 'paused') {
      throw new Error(`${step.id} pauses: ${seen.pause.message}`)
    }
    const done = seen.state === 'due' ? await step.do(crm!.client, context) : {}
    const told = 'facts' in seen ? seen.facts : {}
    await mergeFacts(world.db, CONNECTION_ID, { ...told, ...done })
  }
  await setConnectionState(world.db, CONNECTION_ID, 'active')
}
