import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime } from '@temporalio/worker'
import { createPreSendActivities } from '../../src/activities/pre-send-activities.js'
import { createSyncActivities } from '../../src/activities/sync-activities.js'
import { disableConnection } from '../../src/ledger/connection/connection-life.js'
import { setConnectionState } from '../../src/ledger/connection/connections.js'
import { resetRefusedBreakers } from '../../src/ledger/connection/breakers.js'
import type { Database } from '../../src/ledger/db/database.js'
import type { Systems } from '../../src/connection/systems.js'
import { CONNECTION_ID } from '../sync/support/open-systems.js'
import { withSuperOfficeWorld } from '../sync/support/superoffice-world.js'
import { withWorld } from '../sync/support/world.js'

// These tests produce failures.
Runtime.install({ logger: new DefaultLogger('ERROR') })

const connectionId = CONNECTION_ID
const environment = new MockActivityEnvironment()

/** The part of a world of either kind that these tests need. */
interface Place {
  readonly db: Database
  readonly systems: Systems
  linked(): Promise<{ readonly contactId: string }>
  /** From then on every request is refused, also with tokens issued earlier. */
  refuse(): Promise<void>
  letIn(): Promise<void>
}

const dynamics = withWorld()
const superOffice = withSuperOfficeWorld()

const PLACES: readonly [string, () => Place][] = [
  [
    'Dynamics',
    () => ({
      db: dynamics.now.db,
      systems: dynamics.now.systems,
      linked: () => dynamics.now.linked(),
      async refuse() {
        const body = { error: 'invalid_client', error_codes: [7000222] }
        await dynamics.now.dynamicsFault({ path: '/oauth2/v2.0/token', status: 401, body })
        await dynamics.now.dynamicsSwitch({ revokeTokens: true })
      },
      letIn: () => dynamics.now.clearFaults(),
    }),
  ],
  [
    'SuperOffice',
    () => ({
      db: superOffice.now.db,
      systems: superOffice.now.systems,
      linked: () => superOffice.now.linked(),
      refuse: async () => void superOffice.crm.world.faults.arm({ status: 401 }),
      letIn: async () => superOffice.crm.world.faults.clear(),
    }),
  ],
]

describe.each(PLACES)('a sendout under way at %s', (_name, placeOf) => {
  afterEach(async () => {
    const place = placeOf()
    await place.letIn()
    await resetRefusedBreakers(place.db, connectionId)
    await setConnectionState(place.db, connectionId, 'settingUp')
    await setConnectionState(place.db, connectionId, 'active')
  })

  /** A sendout to two people, one of whom was verified. */
  async function halfWay(place: Place) {
    const people = [await place.linked(), await place.linked()]
    const activities = createPreSendActivities(place.systems)
    const sendoutRunId = randomUUID()
    const reference = { sendoutRunId, connectionId, runId: sendoutRunId }
    const request = {
      connectionId,
      sendoutId: `s-${sendoutRunId}`,
      stage: 'send' as const,
      contactIds: people.map(({ contactId }) => contactId),
      channel: 'email' as const,
      categoryId: null,
      transactional: false,
    }
    const deadlineMs = Date.now() + 600_000
    await environment.run(activities.openSendout, { request, sendoutRunId, deadlineMs })
    await environment.run(activities.fixAudience, { ...reference, request })
    const sync = (from: number) =>
      environment.run(activities.syncMembers, {
        ...reference,
        from,
        to: from + 1,
        proof: 'direct' as const,
      })
    await sync(0)
    const decide = async () => {
      await environment.run(activities.decideMembers, reference)
      return environment.run(activities.closeSendout, {
        sendoutRunId,
        proof: 'direct' as const,
        onUnverified: 'exclude' as const,
        aborted: false,
        updated: { emarketeer: 0, crm: 0 },
        requests: { emarketeer: 0, crm: 0 },
        problems: [],
      })
    }
    return { syncTheOther: () => sync(1), decide }
  }

  const HALF = { complete: false, eligible: 1, excluded: { notVerified: 1 } }

  it('whose CRM refuses us: who was verified stays decided, the others are not verified', async () => {
    const place = placeOf()
    const sendout = await halfWay(place)
    await place.refuse()
    const refused = { type: 'crm_auth_failed', nonRetryable: true }
    await expect(sendout.syncTheOther()).rejects.toMatchObject(refused)
    await expect(sendout.syncTheOther()).rejects.toMatchObject(refused)
    expect(await sendout.decide()).toMatchObject(HALF)
  })

  it('whose CRM lets us in again before its end: everybody is verified', async () => {
    const place = placeOf()
    const sendout = await halfWay(place)
    await place.refuse()
    await expect(sendout.syncTheOther()).rejects.toMatchObject({ type: 'crm_auth_failed' })
    await place.letIn()
    await resetRefusedBreakers(place.db, connectionId)
    await sendout.syncTheOther()
    expect(await sendout.decide()).toMatchObject({ complete: true, eligible: 2 })
  })

  it('whose CRM is set to None: who was verified stays decided, the others are not verified (C8)', async () => {
    const place = placeOf()
    const sendout = await halfWay(place)
    const why = { interventionId: randomUUID(), connectionId, reason: 'none', by: 'Kari' }
    await place.db.transaction((tx) => disableConnection(tx, why, false))
    const disabled = { type: 'connection_disabled', nonRetryable: true }
    await expect(sendout.syncTheOther()).rejects.toMatchObject(disabled)
    expect(await sendout.decide()).toMatchObject(HALF)
  })

  it('whose sweep was refused first: the others are not verified either', async () => {
    const place = placeOf()
    const sendout = await halfWay(place)
    await place.refuse()
    const run = { connectionId, runId: randomUUID(), tier: 'sweep' as const }
    const { catchUpBoth } = createSyncActivities(place.systems)
    await expect(environment.run(catchUpBoth, run)).rejects.toMatchObject({
      type: 'crm_auth_failed',
    })
    await expect(sendout.syncTheOther()).rejects.toMatchObject({ type: 'crm_auth_failed' })
    expect(await sendout.decide()).toMatchObject(HALF)
  })
})
