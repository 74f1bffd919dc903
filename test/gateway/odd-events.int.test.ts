import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import {
  mergeFacts,
  saveConnection,
  setConnectionState,
} from '../../src/ledger/connection/connections.js'
import type { Database } from '../../src/ledger/db/database.js'
import { factSecrets } from '../../src/connection/sealed-secrets.js'
import { ODD_TEXTS } from '../support/odd-texts.js'
import { API_KEY, vault, withGateway } from './gateway-fixture.js'
import {
  dataverseEvent,
  emarketeerChange,
  hookedConnection,
  inboxOf,
  outcome,
  post,
  postAsDataverse,
  postAsEmarketeer,
  type HookedConnection,
} from './senders.js'
import { settings } from '../support/settings.js'

const gateway = withGateway()

const ODD = Object.entries(ODD_TEXTS)

/**
 * A signed event is no attack, but may contain anything: it is accepted, or refused with its own code, and is never our
 * fault.
 */
describe.each(ODD)('an event with %s', (_name, text) => {
  it('for an id of SuperOffice is stored', async () => {
    const { url, db } = gateway.now
    const { hooked, secret } = await hookedSuperOffice(db)
    const answer = await postAsSuperOffice(url, hooked, secret, { EventId: text })
    expect(answer.status).toBe(200)
    expect(await inboxOf(db, hooked)).toMatchObject([{ entity: 'contact', entityId: '501' }])
  })

  it('in a contact of eMarketeer is stored', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const id = `chg_${randomUUID()}`
    const body = emarketeerChange(hooked, id)
    Object.assign(body.data, { contactIds: [text], email: text, [text]: text })
    expect((await postAsEmarketeer(url, hooked, { id, body })).status).toBe(202)
    expect(await inboxOf(db, hooked)).toMatchObject([{ eventId: id }])
  })

  it('in the attributes of Dynamics is stored', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const body = dataverseEvent(hooked)
    body.InputParameters[0]!.value.Attributes.push({ key: text, value: text })
    expect((await postAsDataverse(url, hooked, { body })).status).toBe(202)
    expect(await inboxOf(db, hooked)).toMatchObject([{ saysDeny: true }])
  })

  it('for a sendout id finds none', async () => {
    const { url } = gateway.now
    for (const what of ['mailing-list', 'result', 'receipt']) {
      const id = encodeURIComponent(Buffer.from(text).toString().slice(0, 150))
      const answer = await fetch(`${url}/api/v1/sendouts/${id}/${what}?accountId=1001`, {
        headers: { authorization: `Bearer ${API_KEY}` },
      })
      expect([what, answer.status]).toEqual([what, 404])
    }
  })
})

it('with an id longer than any is malformed', async () => {
  const { url, db } = gateway.now
  const hooked = await hookedConnection(db)
  const refused = outcome(postAsEmarketeer(url, hooked, { id: `chg_${'x'.repeat(6_000)}` }))
  expect(await refused).toEqual([400, 'webhook_malformed'])
})

describe.each([
  ['deeply nested', `${'['.repeat(150_000)}${']'.repeat(150_000)}`],
  ['of very many values', `[${'{},'.repeat(100_000)}{}]`],
])('a body that is %s', (_name, body) => {
  it('is malformed immediately, whoever sends it', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    const { hooked: superOffice, secret } = await hookedSuperOffice(db)
    const startedMs = performance.now()
    const answers = [
      outcome(postAsDataverse(url, hooked, { body })),
      outcome(postAsEmarketeer(url, hooked, { body })),
      outcome(postAsSuperOffice(url, superOffice, secret, body)),
    ]
    for (const answer of await Promise.all(answers)) {
      expect(answer).toEqual([400, 'webhook_malformed'])
    }
    // A new connection's address may be looked up only a second later, for each; a parser with quadratic time would
    // need minutes.
    expect(performance.now() - startedMs).toBeLessThan(30_000)
  })
})

async function hookedSuperOffice(db: Database) {
  const connectionId = `so-${randomUUID()}`
  const secret = randomBytes(32).toString('hex')
  const row = await saveConnection(
    db,
    settings({
      connectionId,
      accountId: `a-${randomUUID()}`,
      crm: 'superoffice-online',
      subscriptionRowsPerDay: 1_000,
    }),
  )
  await mergeFacts(db, connectionId, {
    associateId: 7,
    databaseContextIdentifier: 'Cust12345',
    webhook: {
      url: 'https://hooks.example.com/x',
      secrets: [factSecrets(vault, connectionId).seal(secret)],
    },
  })
  await setConnectionState(db, connectionId, 'active')
  return { hooked: { row } as HookedConnection, secret }
}

/** Signs and posts as SuperOffice does; `event` replaces fields of the usual one, or the complete body. */
function postAsSuperOffice(
  gatewayUrl: string,
  { row }: HookedConnection,
  secret: string,
  event: Record<string, unknown> | string,
): Promise<Response> {
  const usual = {
    EventId: randomUUID(),
    Timestamp: new Date().toISOString(),
    Event: 'person.unconsented',
    PrimaryKey: 501,
    ContextIdentifier: 'Cust12345',
    ChangedByAssociateId: 12,
  }
  const body = typeof event === 'string' ? event : JSON.stringify({ ...usual, ...event })
  const signature = createHmac('sha256', secret).update(body).digest('base64')
  return post({
    url: `${gatewayUrl}/hooks/crm/${row.webhookRef}`,
    body,
    headers: { 'x-superoffice-signature': signature },
  })
}
