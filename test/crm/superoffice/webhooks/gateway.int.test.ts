import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmFacts } from '../../../../src/crm/crm.js'
import { rotateWebhookAddress } from '../../../../src/ledger/connection/connection-life.js'
import { endOverlap } from '../../../../src/ledger/connection/webhook-addresses.js'
import {
  findConnection,
  mergeFacts,
  saveConnection,
  setConnectionState,
} from '../../../../src/ledger/connection/connections.js'
import { factSecrets } from '../../../../src/connection/sealed-secrets.js'
import { vault, withGateway } from '../../../gateway/gateway-fixture.js'
import { addPerson, runSteps, type Stand, startStand } from '../setup/stand.js'
import { settings } from '../../../support/settings.js'

const gateway = withGateway()
const connectionId = 'nord-so'
let stand: Stand

afterEach(async () => {
  await stand.close()
})

/** A connection whose webhook SuperOffice tested at our own gateway, as set-up installs it. */
async function installed() {
  const { url, db } = gateway.now
  stand = await startStand({ allowHttpWebhooks: true, webhookTimeScale: 0.001 })
  const row = await saveConnection(
    db,
    settings({
      connectionId,
      accountId: `a-${randomUUID()}`,
      crm: 'superoffice-online',
      subscriptionRowsPerDay: 1_000,
    }),
  )
  await setConnectionState(db, connectionId, 'active')
  const keep = (facts: CrmFacts) => mergeFacts(db, connectionId, facts)
  await keep(await runSteps(stand, ['connect']))
  const [stored] = await db.query<{ facts: CrmFacts }>(
    'SELECT facts FROM connections WHERE connection_id = $1',
    [connectionId],
  )
  const crm = stand.driver.open(stand.config, {
    connectionId,
    facts: stored?.facts ?? {},
    allowLoopbackHttp: true,
    secrets: factSecrets(vault, connectionId),
  })
  const target = { url: `${url}/hooks/crm/${row.webhookRef}`, keep }
  const installation = await crm.installWebhooks(target, {})
  await keep(installation.facts)
  return installation
}

describe('the gateway and SuperOffice', () => {
  it('understand each other: the test event is answered with 200, and a withdrawal is a hint', async () => {
    expect(await installed()).toMatchObject({ installed: true, reason: null })
    const person = await addPerson(stand, { emails: ['ann.canary@x.test'], silent: true })
    await stand.control.post(`persons/${person}/consent`, {
      purpose: 'EMARKETING',
      legalBase: 'WITHDRAWN',
    })
    const { webhooks, ...tally } = await stand.control.get<{ webhooks: { secret: string }[] }>(
      'webhooks',
    )
    await stand.control.post('webhooks/drain')
    expect(tally).toMatchObject({ discarded: 0 })
    const { db, lines } = gateway.now
    const hints = await db.query(
      `SELECT entity, crm_contact_id AS "contactId", says_deny AS "saysDeny" FROM inbox`,
    )
    expect(hints).toEqual([{ entity: 'contact', contactId: String(person), saysDeny: true }])
    const [stored] = await db.query<{ text: string }>(`SELECT facts::text AS text FROM connections`)
    expect(stored?.text).toContain('secrets')
    expect(stored?.text).not.toContain(webhooks[0]?.secret)
    expect(lines.join()).not.toContain('canary')
  })

  it('go on with a former address until the new one is registered, its test event included', async () => {
    await installed()
    const { url, db, codes } = gateway.now
    await db.query('DELETE FROM inbox')
    const former = (await findConnection(db, connectionId))!
    await addPerson(stand, { emails: ['ann@x.test'] })
    await stand.control.post('webhooks/drain')
    await db.transaction((tx) =>
      rotateWebhookAddress(tx, {
        interventionId: randomUUID(),
        connectionId,
        reason: 'a test',
        by: 'Kari',
      }),
    )
    await addPerson(stand, { emails: ['bo@x.test'] })
    await stand.control.post('webhooks/drain')
    const { webhookRef, facts } = (await findConnection(db, connectionId))!
    expect(webhookRef).not.toBe(former.webhookRef)
    const crm = stand.driver.open(stand.config, {
      connectionId,
      facts,
      allowLoopbackHttp: true,
      secrets: factSecrets(vault, connectionId),
    })
    const keep = (learned: CrmFacts) => mergeFacts(db, connectionId, learned)
    const target = { url: `${url}/hooks/crm/${webhookRef}`, keep }
    const again = await crm.installWebhooks(target, {})
    expect(again).toMatchObject({ installed: true, reason: null })
    await keep(again.facts)
    await endOverlap(db, connectionId, webhookRef)
    await addPerson(stand, { emails: ['cy@x.test'] })
    await stand.control.post('webhooks/drain')
    expect(await stand.control.get('webhooks')).toMatchObject({ discarded: 0 })
    expect(await db.query(`SELECT FROM inbox`)).toHaveLength(3)
    expect(codes()).not.toContain('webhook_unauthorized')
  })

  it("take for nobody's act what our user wrote, reported as person.changed or not", async () => {
    await installed()
    await gateway.now.db.query('DELETE FROM inbox')
    await stand.control.post('switches', { consentRaisesChanged: true })
    const person = await addPerson(stand, { emails: ['cleo@x.test'], silent: true })
    const write = { purpose: 'EMARKETING', legalBase: '61A' }
    await stand.control.post(`persons/${person}/consent`, { ...write, associateId: 316 })
    await stand.control.post('webhooks/drain')
    const inbox = () => gateway.now.db.query(`SELECT says_deny FROM inbox`)
    expect(await stand.control.get('webhooks')).toMatchObject({ delivered: 2, discarded: 0 })
    expect(await inbox()).toEqual([])
    await stand.control.post(`persons/${person}/consent`, { ...write, associateId: 12 })
    await stand.control.post('webhooks/drain')
    expect(await inbox()).toHaveLength(2)
  })

  it('do not understand each other where the secret does not open: it is our fault, and 500', async () => {
    await installed()
    const { db, codes } = gateway.now
    await mergeFacts(db, connectionId, { webhook: { url: '', secrets: ['v1.00000000.AAAA'] } })
    await addPerson(stand, { emails: ['ben@x.test'] })
    await stand.control.post('webhooks/drain')
    expect(codes()).toContain('internal')
    expect(await stand.control.get('webhooks')).toMatchObject({ discarded: 1 })
  })
})
