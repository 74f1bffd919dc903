import { afterAll, afterEach, beforeAll, expect } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { approveHeld, rejectHeld } from '../../../src/sync/run/held.js'
import { catchUpBoth } from '../../../src/sync/mirror/catch-up-both.js'
import { drainInbox, type DrainedInbox } from '../../../src/sync/run/drain-inbox.js'
import type { SyncSession } from '../../../src/connection/session.js'
import { settleRun, syncAddresses } from '../../../src/sync/run/sync-addresses.js'
import { syncCategories } from '../../../src/sync/mirror/sync-categories.js'
import { addCounts, emptyCounts, type SyncCounts } from '../../../src/sync/pass/batch.js'
import { syncDue, type SyncedDue } from '../../../src/sync/run/sync-due.js'
import type { Systems } from '../../../src/connection/systems.js'
import type { Trigger } from '../../../src/contracts/names.js'
import { mergeFacts, setConnectionState } from '../../../src/ledger/connection/connections.js'
import { findAddresses } from '../../../src/ledger/address/addresses.js'
import { openDatabase, type Database } from '../../../src/ledger/db/database.js'
import { CRM_DRIVERS } from '../../../src/crm/registry.js'
import { withDatabase, type TestDatabase } from '../../support/with-database.js'
import {
  applyConnection,
  CONNECTION_ID,
  openSystems,
  type ConnectionChoices,
} from './open-systems.js'
import { makePerson, type NewPerson, type Person } from './person.js'
import { startStandIns, type StandIns } from './stand-ins.js'
import { traffic, type Traffic } from './traffic.js'

/** The result of a sweep. */
export interface Swept {
  readonly counts: SyncCounts
  readonly held: number
}

/** Changes the session of some work, for example to let it die, or to act between its read and its write. */
export type Twist = (session: SyncSession) => SyncSession

/** One connection after set-up, with both systems. */
export class World {
  constructor(
    readonly standIns: StandIns,
    readonly db: Database,
    readonly systems: Systems,
    readonly databases: Pick<TestDatabase, 'url' | 'ownerUrl'>,
  ) {}

  /** A session of a run of its own. */
  async session(tier: Trigger = 'sweep', systems: Systems = this.systems): Promise<SyncSession> {
    const runId = randomUUID()
    return systems.session({
      runId,
      connectionId: CONNECTION_ID,
      trigger: tier,
      workflowId: `test:${runId}`,
    })
  }

  /** Sets up the connection as the set-up workflow does, up to the first sync. */
  async setUp(): Promise<void> {
    for (const step of CRM_DRIVERS.get('dynamics')!.setupSteps) {
      const { crm, call, connection } = await this.session('setup')
      const context = { ...call, choice: null, subscriptionSync: connection.subscriptionSync }
      const seen = await step.verify(crm!.client, context)
      expect([step.id, seen.state]).not.toEqual([step.id, 'paused'])
      const known = seen.state === 'due' ? await step.do(crm!.client, context) : {}
      const facts = 'facts' in seen ? { ...seen.facts, ...known } : known
      await mergeFacts(this.db, CONNECTION_ID, facts)
    }
    await this.firstSync()
    await setConnectionState(this.db, CONNECTION_ID, 'active')
  }

  /** Categories, then everybody: the last steps of set-up. */
  async firstSync(): Promise<Swept> {
    const session = await this.session('setup')
    await syncCategories(session)
    return this.passOver(session)
  }

  /** One sweep, in the order of the workflow `sweepRun`. */
  async sweep(twist: Twist = (session) => session, tier: Trigger = 'sweep'): Promise<Swept> {
    const session = twist(await this.session(tier))
    await catchUpBoth(session)
    await syncCategories(session)
    return this.syncUntilQuiet(session)
  }

  /** All work of a sweep except the categories. */
  private async passOver(session: SyncSession): Promise<Swept> {
    await catchUpBoth(session)
    return this.syncUntilQuiet(session)
  }

  private async syncUntilQuiet(session: SyncSession): Promise<Swept> {
    let counts = emptyCounts()
    let range: SyncedDue['next'] = null
    do {
      const due: SyncedDue = await syncDue(session, {
        reading: 'copy',
        loosening: 'stage',
        maxBatches: 5,
        range,
      })
      counts = addCounts(counts, due.counts)
      range = due.next
    } while (range !== null)
    const settled = await settleRun(session)
    return { counts: addCounts(counts, settled.counts), held: settled.held }
  }

  /** Handles the inbox as it is handled after a webhook. */
  async drain(twist: Twist = (session) => session): Promise<DrainedInbox> {
    return drainInbox(twist(await this.session('webhook')), 0)
  }

  /** One pass over these people, reading both sides directly. */
  async pass(people: readonly Person[], twist: Twist = (session) => session): Promise<void> {
    const emails = people.map((person) => person.email)
    const ids = [...(await findAddresses(this.db, CONNECTION_ID, emails)).values()]
    const session = twist(await this.session('manual'))
    await syncAddresses(session, ids, { reading: 'direct', loosening: 'apply' })
  }

  /** A new person, in both systems unless stated otherwise; not swept yet. */
  person(given: NewPerson = {}): Promise<Person> {
    return makePerson(this, given)
  }

  /** A person whom a sweep has linked, with nothing left to do. */
  async linked(given: NewPerson = {}): Promise<Person> {
    const person = await this.person(given)
    await this.sweep()
    return person
  }

  /** Ends all waits: of deferred addresses, of hints, and of leases of dead owners. */
  async timePasses(): Promise<void> {
    await this.db.query(`UPDATE addresses SET not_before = NULL, lease_expires_at = NULL`)
    await this.db.query(`UPDATE connections SET emarketeer_load_expires_at = NULL`)
    await this.db.query(`UPDATE inbox SET not_before = clock_timestamp() WHERE handled_at IS NULL`)
    await this.db.query(`UPDATE sync_runs SET last_seen_at = last_seen_at - interval '1 day'`)
  }

  /** Approves, or rejects, everything held. */
  async decideHeld(verdict: 'approve' | 'reject'): Promise<number> {
    const given = { connectionId: CONNECTION_ID, reason: 'a test', by: 'Kari' }
    const decide = verdict === 'approve' ? approveHeld : rejectHeld
    return (await decide(this.db, given)).cells
  }

  /** Changes settings of the connection. */
  configure(choices: ConnectionChoices): Promise<void> {
    return applyConnection(this.db, this.standIns, choices)
  }

  /** Our writes that either system has received so far, and consent events. */
  traffic(): Promise<Traffic> {
    return traffic(this)
  }

  /** Arms a fault of eMarketeer (docs/simulators.md). */
  emarketeerFault(rule: Record<string, unknown>): Promise<unknown> {
    return this.standIns.emarketeer.post('faults', rule)
  }

  /** Arms a fault of Dynamics. */
  dynamicsFault(rule: Record<string, unknown>): Promise<unknown> {
    return this.standIns.dynamics('POST', 'faults', rule)
  }

  /** Sets a switch of Dynamics. */
  dynamicsSwitch(switches: Record<string, unknown>): Promise<unknown> {
    return this.standIns.dynamics('POST', 'switches', switches)
  }

  /** Ends all faults. */
  async clearFaults(): Promise<void> {
    await this.standIns.emarketeer.clearFaults()
    await this.standIns.dynamics('DELETE', 'faults')
  }

  /** Updates our copy from both systems, without a pass. */
  async read(): Promise<void> {
    await catchUpBoth(await this.session())
  }

  /** Neither system takes a write, until {@link clearFaults}. */
  async refuseWrites(): Promise<void> {
    await this.emarketeerFault({ path: '/states/write', status: 503 })
    await this.dynamicsFault({ path: '\\$batch', bodyMatches: 'PATCH /api', status: 503 })
  }

  /** Runs two more sweeps, which must not write anything or add an event (F2). */
  async expectRest(): Promise<void> {
    await this.clearFaults()
    await this.timePasses()
    await this.sweep()
    const before = await this.traffic()
    await this.sweep()
    await this.sweep()
    expect(await this.traffic()).toEqual(before)
  }

  async close(): Promise<void> {
    this.systems.close()
    await this.db.close()
    await this.standIns.close()
  }
}

/**
 * Creates one world for a test file. After each test everything must be at rest: two more sweeps write nothing.
 * @param choices settings of the connection.
 */
export function withWorld(choices: ConnectionChoices = {}): { readonly now: World } {
  const database = withDatabase()
  let world: World | undefined
  beforeAll(async () => {
    const standIns = await startStandIns()
    const db = openDatabase(database.url, { maxConnections: 6 })
    await applyConnection(db, standIns, choices)
    world = new World(standIns, db, openSystems(db, standIns), database)
    await world.setUp()
  }, 480_000)
  afterEach(() => world!.expectRest())
  afterAll(() => world?.close())
  return {
    get now() {
      return world!
    },
  }
}
