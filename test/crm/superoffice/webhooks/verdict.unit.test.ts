import { createHmac } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { createSecretsVault } from '../../../../src/config/secrets/secrets-vault.js'
import { Secret } from '../../../../src/config/secrets/secret.js'
import type { CrmFacts, WebhookVerdict } from '../../../../src/crm/crm.js'
import { receiveWebhook } from '../../../../src/crm/superoffice/webhooks/receive.js'
import { factSecrets } from '../../../../src/connection/sealed-secrets.js'

const vault = createSecretsVault([new Secret('a-key-of-some-length-for-tests')])
const secrets = factSecrets(vault, 'nord-so')
const [CURRENT, PREVIOUS, OTHER] = ['c'.repeat(64), 'p'.repeat(64), 'o'.repeat(64)]

const ONLINE: CrmFacts = {
  onsite: false,
  associateId: 316,
  databaseContextIdentifier: 'Cust12345',
  webhook: { url: 'https://x.test', secrets: [secrets.seal(CURRENT), secrets.seal(PREVIOUS)] },
}
const ONSITE: CrmFacts = { ...ONLINE, onsite: true, databaseContextIdentifier: 'CRM7' }

const NOW_MS = Date.parse('2026-11-21T10:00:00Z')

const EVENT = {
  EventId: '576086e3-5261-426b-a84b-26ca7f5b65e8',
  Timestamp: '2026-11-21T09:59:58.8506935Z',
  Changes: ['consentperson_id', 'legalBase_id'],
  Event: 'person.consented',
  PrimaryKey: 18,
  Entity: 'person',
  ContextIdentifier: 'Cust12345',
  ChangedByAssociateId: 12,
  WebhookName: 'eMarketeer sync (nord-so)',
}

function sign(body: string, secret = CURRENT): string {
  return createHmac('sha256', secret).update(body).digest('base64')
}

/** Posts an event as SuperOffice would, shortly after it. */
function post(changes: object = {}, facts: CrmFacts = ONLINE, secret = CURRENT): WebhookVerdict {
  const body = JSON.stringify({ ...EVENT, ...changes })
  return judge(body, sign(body, secret), facts)
}

function judge(body: string, signature: string | undefined, facts: CrmFacts = ONLINE) {
  const headers = { 'x-superoffice-signature': signature }
  return receiveWebhook({ headers, body: Buffer.from(body) }, facts, secrets, NOW_MS)
}

const refused = (code: string) => ({ accepted: false, code })
const UNAUTHORIZED = refused('webhook_unauthorized')

describe('the test call of a registration', () => {
  it('is accepted with nothing but its name, and says nothing', () => {
    const body = JSON.stringify({ Event: 'test' })
    expect(judge(body, sign(body))).toEqual({ accepted: true, hints: [] })
    expect(judge(body, sign(body), ONSITE)).toEqual({ accepted: true, hints: [] })
    expect(judge(body, undefined)).toEqual(UNAUTHORIZED)
  })
})

describe('the signature', () => {
  const body = JSON.stringify(EVENT)

  it('is believed under the current and the previous secret, under no other', () => {
    expect(post().accepted).toBe(true)
    expect(post({}, ONLINE, PREVIOUS).accepted).toBe(true)
    expect(post({}, ONLINE, OTHER)).toEqual(UNAUTHORIZED)
  })

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['of another body', sign('{}')],
    ['in hexadecimal', createHmac('sha256', CURRENT).update(body).digest('hex')],
    ['cut short', sign(body).slice(0, 20)],
    ['in another alphabet', sign(body).replace(/[+/=]/g, '_')],
    ['with something behind it', `${sign(body)}=`],
  ])('%s is refused', (_what, signature) => {
    expect(judge(body, signature)).toEqual(UNAUTHORIZED)
  })

  it('is of every bit of the body', () => {
    const signature = sign(body)
    const bytes = Buffer.from(body)
    for (let at = 0; at < bytes.length; at++) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ 1
      const headers = { 'x-superoffice-signature': signature }
      expect(receiveWebhook({ headers, body: flipped }, ONLINE, secrets, NOW_MS)).toEqual(
        UNAUTHORIZED,
      )
    }
  })

  it('is looked at before the body is', () => {
    expect(judge('{', sign('{}'))).toEqual(UNAUTHORIZED)
    expect(judge('{', sign('{'))).toEqual(refused('webhook_malformed'))
    expect(judge('[]', sign('[]'))).toEqual(refused('webhook_malformed'))
  })

  it('means nothing where no webhook is installed, or nothing opens its secret', () => {
    expect(post({}, { ...ONLINE, webhook: null })).toEqual(UNAUTHORIZED)
    const request = { headers: { 'x-superoffice-signature': sign(body) }, body: Buffer.from(body) }
    expect(receiveWebhook(request, ONLINE, undefined, NOW_MS)).toEqual(UNAUTHORIZED)
  })

  it('is judged by the secrets that still open; it throws where none does', () => {
    const moved = factSecrets(vault, 'another-connection').seal(CURRENT)
    const withMoved = (...sealed: string[]) => ({
      ...ONLINE,
      webhook: { url: '', secrets: sealed },
    })
    expect(post({}, withMoved(secrets.seal(CURRENT), moved)).accepted).toBe(true)
    expect(() => post({}, withMoved(moved))).toThrow(/altered or moved/)
  })
})

describe('the tenant', () => {
  it.each(['Cust12345', 'cust12345'])('%s is ours', (ContextIdentifier) => {
    expect(post({ ContextIdentifier }).accepted).toBe(true)
  })

  it.each(['Cust99999', 'Default', '', null, undefined])(
    'Online, %j is not',
    (ContextIdentifier) => {
      expect(post({ ContextIdentifier })).toEqual(refused('webhook_wrong_organization'))
    },
  )

  it.each(['Default', '', null, undefined, 'CRM7'])('on site, %j is ours', (ContextIdentifier) => {
    expect(post({ ContextIdentifier }, ONSITE).accepted).toBe(true)
  })

  it('on site, another name is not', () => {
    expect(post({ ContextIdentifier: 'Cust12345' }, ONSITE)).toEqual(
      refused('webhook_wrong_organization'),
    )
  })

  it('is unknown until set-up has connected', () => {
    expect(post({}, { ...ONLINE, databaseContextIdentifier: null }).accepted).toBe(false)
    expect(post({}, { ...ONLINE, associateId: null })).toEqual(UNAUTHORIZED)
  })
})

describe('the age', () => {
  const at = (hours: number) => new Date(NOW_MS + hours * 3_600_000).toISOString()
  const hintsAt = (Timestamp: unknown) => {
    const verdict = post({ Timestamp })
    return verdict.accepted ? verdict.hints.length : null
  }

  // A failed event moves to the end of the queue, and the clock and zone of its time are not documented.
  it.each([-24, -14, -1, 0, 1, 14, 24])('of %d hours counts', (hours) => {
    expect(hintsAt(at(hours))).toBe(1)
  })

  it('without a zone is UTC', () => {
    expect(hintsAt('2026-11-20T10:00:01')).toBe(1)
    expect(hintsAt('2026-11-20T09:59:59')).toBe(0)
  })

  it.each([at(-24.1), at(24.1), '2018-04-24T08:01:15Z', 'yesterday', '', null, 7])(
    '%j says nothing, and is no failure of ours: three of those would switch the webhook off',
    (Timestamp) => {
      expect(hintsAt(Timestamp)).toBe(0)
    },
  )
})

describe('the hints', () => {
  const hintsOf = (changes: object) => {
    const verdict = post(changes)
    return verdict.accepted ? verdict.hints : []
  }

  it.each([
    ['person.consented', true],
    ['person.unconsented', true],
    ['Person.Unconsented', true],
    ['person.softdeleted', true],
    ['person.deleted', true],
    ['person.created', false],
    ['person.changed', false],
  ])('%s by somebody else counts as a deny: %s', (Event, saysDeny) => {
    expect(hintsOf({ Event })).toEqual([
      {
        entity: 'contact',
        entityId: '18',
        contactId: '18',
        actorUserId: null,
        saysDeny,
        eventId: EVENT.EventId,
      },
    ])
  })

  it.each([
    ['person.consented', 0],
    ['person.unconsented', 0],
    ['person.created', 1],
    ['person.changed', 0],
    ['person.softdeleted', 1],
    ['person.deleted', 1],
  ])('of %s by ourselves are %i', (Event, count) => {
    expect(hintsOf({ Event, ChangedByAssociateId: 316 })).toHaveLength(count)
  })

  it('count where nobody is named', () => {
    expect(hintsOf({ ChangedByAssociateId: null })).toHaveLength(1)
    expect(hintsOf({ ChangedByAssociateId: 0 })).toHaveLength(1)
  })

  it.each([
    { Event: 'test', PrimaryKey: 0 },
    { Event: 'test' },
    { Event: 'contact.changed' },
    { PrimaryKey: 0 },
    { PrimaryKey: null },
  ])('are none of %j', (changes) => {
    expect(post(changes)).toEqual({ accepted: true, hints: [] })
  })

  it.each([{ PrimaryKey: '18' }, { PrimaryKey: -1 }, { PrimaryKey: {} }])(
    'are not guessed from %j',
    (changes) => {
      expect(post(changes)).toEqual({ accepted: true, hints: [] })
    },
  )

  it.each([{ EventId: '' }, { EventId: undefined }, { EventId: 7 }])(
    'of %j have no id of the event',
    (changes) => {
      expect(hintsOf(changes)).toMatchObject([{ contactId: '18', eventId: null }])
    },
  )

  it.each([{ Entity: 5 }, { ChangedByAssociateId: 'x' }, { Changes: null }, { WebhookName: 1 }])(
    'count in spite of %j',
    (changes) => {
      expect(hintsOf(changes)).toMatchObject([{ contactId: '18', saysDeny: true }])
    },
  )
})
