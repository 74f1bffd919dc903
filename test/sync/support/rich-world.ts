import { afterAll, afterEach, beforeAll, expect } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { standInControl, type StandInControl } from '../../../simulators/common/control-client.js'
import { startEmarketeer } from '../../../simulators/emarketeer/start.js'
import { Secret } from '../../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../../src/config/secrets/secrets-vault.js'
import type { CrmDriver } from '../../../src/crm/crm.js'
import type { Trigger } from '../../../src/contracts/names.js'
import { findAddresses } from '../../../src/ledger/address/addresses.js'
import {
  mergeFacts,
  saveConnection,
  setConnectionState,
} from '../../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../../src/ledger/db/database.js'
import { catchUpBoth } from '../../../src/sync/mirror/catch-up-both.js'
import type { SyncSession } from '../../../src/connection/session.js'
import { settleRun, syncAddresses } from '../../../src/sync/run/sync-addresses.js'
import { syncDue, type SyncedDue } from '../../../src/sync/run/sync-due.js'
import { Systems } from '../../../src/connection/systems.js'
import { withDatabase } from '../../support/with-database.js'
import { ToyCrm } from '../../third-crm/toy-crm.js'
import { toyDriver } from '../../third-crm/toy-driver.js'
import { CONNECTION_ID } from './open-systems.js'
import { RichPerson, type NewRichPerson } from './rich-person.js'
import { ACCOUNT_ID, SERVICE_KEY } from './stand-ins.js'
import type { Twist } from './world.js'

/** The toy CRM is registered under a name that a connection file may contain. */
const REGISTERED_AS = 'superoffice-onsite'

/** One connection between eMarketeer and a rich CRM that does not refuse stale writes. */
export class RichWorld {
  constructor(
    readonly crm: ToyCrm,
    readonly emarketeer: StandInControl,
    readonly db: Database,
    readonly systems: Systems,
  ) {}

  async session(tier: Trigger = 'sweep'): Promise<SyncSession> {
    const runId = randomUUID()
    return this.systems.session({
      runId,
      connectionId: CONNECTION_ID,
      trigger: tier,
      workflowId: `test:${runId}`,
    })
  }

  /** One sweep in the order of its workflow. @returns how many loosenings are held. */
  async sweep(twist: Twist = (session) => session): Promise<number> {
    const session = twist(await this.session())
    await catchUpBoth(session)
    let range: SyncedDue['next'] = null
    do {
      const due: SyncedDue = await syncDue(session, {
        reading: 'copy',
        loosening: 'stage',
        maxBatches: 5,
        range,
      })
      range = due.next
    } while (range !== null)
    return (await settleRun(session)).held
  }

  /** One pass over an address, reading both sides directly. */
  async pass(email: string, twist: Twist = (session) => session): Promise<void> {
    const ids = [...(await findAddresses(this.db, CONNECTION_ID, [email])).values()]
    const session = twist(await this.session('manual'))
    await syncAddresses(session, ids, { reading: 'direct', loosening: 'apply' })
  }

  /** A new person, on both sides unless stated otherwise; not swept yet. */
  async person(given: NewRichPerson = {}): Promise<RichPerson> {
    return RichPerson.make(this, given)
  }

  /** A person whom a sweep has linked. */
  async linked(given: NewRichPerson = {}): Promise<RichPerson> {
    const person = await this.person(given)
    await this.sweep()
    return person
  }

  async timePasses(): Promise<void> {
    await this.db.query(`UPDATE addresses SET not_before = NULL, lease_expires_at = NULL`)
    await this.db.query(`UPDATE connections SET emarketeer_load_expires_at = NULL`)
    await this.db.query(`UPDATE sync_runs SET last_seen_at = last_seen_at - interval '1 day'`)
    await this.walkIsDue()
  }

  /** Makes the walk over all addresses late, so that the next sweep reads everybody. */
  async walkIsDue(): Promise<void> {
    await this.db.query(
      `UPDATE connections SET crm_walk_after = 0, crm_walk_done = 0, crm_walk_began_at = now() - interval '1 day'`,
    )
  }

  /** The state that a pass at rest must not change. */
  async traffic(): Promise<unknown> {
    const [row] = await this.db.query(
      `SELECT (SELECT count(*) FROM consent_events) AS events, (SELECT count(*) FROM consent_event_outcomes) AS outcomes`,
    )
    const feed = await this.emarketeer.lines('accounts/1001/feed')
    return { row, feed: feed.length, sequence: this.crm.sequence, writes: this.crm.requests.write }
  }

  /** Runs two more sweeps, which must not write anything (F2). */
  async expectRest(): Promise<void> {
    for (let sweep = 0; sweep < 2; sweep += 1) {
      await this.timePasses()
      await this.sweep()
    }
    const before = await this.traffic()
    await this.sweep()
    await this.timePasses()
    await this.sweep()
    expect(await this.traffic()).toEqual(before)
  }
}

/** Creates such a world for a test file. After each test everything must be at rest. */
export function withRichWorld(newlyMailableLimit = 1_000): { readonly now: RichWorld } {
  const database = withDatabase()
  let world: RichWorld | undefined
  let close: (() => Promise<void>) | undefined
  beforeAll(async () => {
    const emarketeer = await startEmarketeer({
      serviceKey: SERVICE_KEY,
      rateLimit: null,
      sources: ['crmToy', 'crmSuperOffice'],
      accounts: [{ accountId: ACCOUNT_ID, categories: [] }],
    })
    const db = openDatabase(database.url, { maxConnections: 6 })
    const crm = new ToyCrm()
    const systems = new Systems({
      db,
      drivers: new Map([[REGISTERED_AS, toyDriver(new Map([['one', crm]])) as CrmDriver]]),
      vault: createSecretsVault([new Secret('k'.repeat(32))]),
      variables: {},
      emarketeer: { syncUrl: emarketeer.url, apiKey: SERVICE_KEY, connectUrl: emarketeer.url },
      allowLoopbackHttp: true,
    })
    await applyToy(db, newlyMailableLimit)
    await mergeFacts(db, CONNECTION_ID, { firstVersion: 1 })
    await setConnectionState(db, CONNECTION_ID, 'active')
    close = async () => {
      systems.close()
      await db.close()
      await emarketeer.close()
    }
    world = new RichWorld(crm, standInControl(emarketeer.controlUrl), db, systems)
    await world.sweep()
  }, 480_000)
  afterEach(() => world!.expectRest())
  afterAll(() => close?.())
  return {
    get now() {
      return world!
    },
  }
}

/** Stores the connection, or applies it again. */
export async function applyToy(db: Database, newlyMailableLimit: number): Promise<void> {
  const settings = {
    connectionId: CONNECTION_ID,
    accountId: ACCOUNT_ID,
    crm: REGISTERED_AS,
    legalBasisSync: true,
    subscriptionSync: false,
    createMissing: 'none',
    newlyMailableLimit,
    subscriptionRowsPerDay: 1,
  } as const
  const section = { installation: 'one' }
  const config = { ...settings, sectionName: 'toy', section, secrets: {} }
  await saveConnection(db, { ...settings, config })
}
