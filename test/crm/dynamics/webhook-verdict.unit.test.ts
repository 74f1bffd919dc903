import { describe, expect, it } from '@jest/globals'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import { secretHash } from '../../../src/crm/dynamics/webhooks/secret.js'

const organizationId = '4ef5b371-e89e-e711-8122-000d3aa2331c'
const userId = '75c2dd85-e89e-e711-8122-000d3aa2331c'
const ownUserId = '99999999-e89e-e711-8122-000d3aa2331c'
const entityId = '6d81597f-0f9f-e711-8122-000d3aa2331c'
const operationId = '4af10637-4ea2-e711-8122-000d3aa2331c'
const contactId = '11111111-0f9f-e711-8122-000d3aa2331c'

const facts = {
  organization: {
    organizationId,
    userId: ownUserId,
    languageCode: 1053,
    languages: [1053],
    auditEnabled: null,
    changeTrackingDays: null,
  },
  webhook: {
    url: 'https://hooks.example.com/x',
    endpointId: 'e',
    stepIds: [],
    secretHash: secretHash('now'),
    previousSecretHash: secretHash('before'),
  },
}

function target(attributes: Record<string, unknown>) {
  const Attributes = Object.entries(attributes).map(([key, value]) => ({ key, value }))
  return [{ key: 'Target', value: { Attributes, Id: entityId } }]
}

function event(changes: Record<string, unknown> = {}) {
  return {
    OrganizationId: organizationId.toUpperCase(),
    InitiatingUserId: userId,
    InputParameters: target({ emailaddress1: 'ann@example.com', lastname: 'Canary' }),
    MessageName: 'Update',
    OperationId: operationId,
    PostEntityImages: [],
    PrimaryEntityId: entityId,
    PrimaryEntityName: 'contact',
    ...changes,
  }
}

function judge(body: unknown, secret = 'now', stored: object = facts) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const headers = { 'x-em-secret': secret }
  return dynamicsDriver.receiveWebhook({ headers, body: Buffer.from(text) }, { ...stored })
}

const contactHint = {
  entity: 'contact',
  entityId,
  contactId: entityId,
  actorUserId: null,
  saysDeny: false,
  eventId: operationId,
}

describe('a webhook', () => {
  it('with the present or the previous secret is believed, as ids and keys of addresses only', () => {
    for (const secret of ['now', 'before']) {
      const verdict = judge(event(), secret)
      const hint = { ...contactHint, addresses: ['ann@example.com'] }
      expect(verdict).toEqual({ accepted: true, hints: [hint] })
      expect(JSON.stringify(verdict)).not.toContain('Canary')
    }
  })

  it.each(['', 'now ', secretHash('now'), 'other'])(
    'with the secret %p is refused before its body is looked at',
    (secret) => {
      const refused = { accepted: false, code: 'webhook_unauthorized' }
      expect(judge('no JSON', secret)).toEqual(refused)
    },
  )

  it('without the header is refused', () => {
    const request = { headers: {}, body: Buffer.from(JSON.stringify(event())) }
    const verdict = dynamicsDriver.receiveWebhook(request, facts)
    expect(verdict).toEqual({ accepted: false, code: 'webhook_unauthorized' })
  })

  it('is refused while none is installed', () => {
    expect(judge(event(), 'now', { organization: facts.organization })).toMatchObject({
      code: 'webhook_unauthorized',
    })
  })

  it.each([
    ['no JSON', 'x{'],
    ['an array', []],
    ['null', null],
    ['no id', event({ PrimaryEntityId: undefined })],
    ['an id that is none', event({ PrimaryEntityId: '1)/evil' })],
    ['no organisation', event({ OrganizationId: undefined })],
  ])('that is %s is malformed', (_what, body) => {
    expect(judge(body)).toEqual({ accepted: false, code: 'webhook_malformed' })
  })

  it('of another organisation is refused, and of any while ours is not known', () => {
    const wrong = { accepted: false, code: 'webhook_wrong_organization' }
    expect(judge(event({ OrganizationId: entityId }))).toEqual(wrong)
    expect(judge(event(), 'now', { webhook: facts.webhook })).toEqual(wrong)
  })

  it('too large to carry anything but ids is a hint all the same', () => {
    const body = event({ InputParameters: undefined, PostEntityImages: undefined })
    expect(judge(body)).toEqual({ accepted: true, hints: [contactHint] })
  })

  it('that carries the toggle says whose act it was, and whether it denies', () => {
    const hint = (value: unknown) =>
      judge(event({ InputParameters: target({ donotbulkemail: value }) }))
    expect(hint(true)).toMatchObject({ hints: [{ actorUserId: userId, saysDeny: true }] })
    expect(hint(false)).toMatchObject({ hints: [{ actorUserId: userId, saysDeny: false }] })
    expect(hint(null)).toMatchObject({ hints: [{ saysDeny: false }] })
  })

  it('that gives the record addresses names them by their keys, decorated ones too', () => {
    const given = {
      emailaddress1: 'Ann@X.no',
      emailaddress2: 'Bo <bo@x.no>; cy@x.no',
      emailaddress3: 7,
    }
    const hint = judge(event({ InputParameters: target(given) }))
    expect(hint).toMatchObject({ hints: [{ addresses: ['ann@x.no', 'bo@x.no', 'cy@x.no'] }] })
    const cleared = judge(event({ InputParameters: target({ emailaddress1: null }) }))
    expect(cleared).toEqual({ accepted: true, hints: [contactHint] })
  })

  const em_contact = { Id: contactId.toUpperCase(), LogicalName: 'contact' }
  const own = (changes: Record<string, unknown> = {}) =>
    event({
      InitiatingUserId: ownUserId.toUpperCase(),
      UserId: ownUserId,
      Depth: 1,
      InputParameters: target({
        donotbulkemail: true,
        contactid: entityId,
        modifiedon: '/Date(1)/',
      }),
      ...changes,
    })
  const ownRow = (attributes: Record<string, unknown>, changes: Record<string, unknown> = {}) =>
    own({
      PrimaryEntityName: 'em_subscriptions',
      InputParameters: target(attributes),
      PostEntityImages: [
        { key: 'post', value: { Attributes: [{ key: 'em_contact', value: em_contact }] } },
      ],
      ...changes,
    })

  it('that looks like a write of ours is nobody’s act, holds nobody back, and may be an echo', () => {
    const hint = { actorUserId: null, saysDeny: false }
    const denied = { ...hint, ownWrite: { value: 'deny', creates: false } }
    expect(judge(own())).toMatchObject({ hints: [denied] })
    const allowed = { ...hint, ownWrite: { value: 'allow', creates: false } }
    const allow = own({ InputParameters: target({ donotbulkemail: false }) })
    expect(judge(allow)).toMatchObject({ hints: [allowed] })
    expect(judge(ownRow({ em_subscribed: false }))).toMatchObject({ hints: [denied] })
    expect(judge(ownRow({ em_subscribed: true }))).toMatchObject({ hints: [allowed] })
    const created = { em_subscribed: false, em_contact, em_rowkey: 'k', statecode: { Value: 0 } }
    expect(judge(ownRow(created, { MessageName: 'Create' }))).toMatchObject({
      hints: [{ ...hint, contactId, ownWrite: { value: 'deny', creates: true } }],
    })
  })

  it.each([
    ['a plug-in’s answer to a write', { Depth: 2 }],
    ['of an unknown depth', { Depth: undefined }],
    ['run as another user', { UserId: userId }],
    ['run as an unknown user', { UserId: undefined }],
    ['a creation', { MessageName: 'Create' }],
    ['of an unknown message', { MessageName: undefined }],
    ...['emailaddress1', 'emailaddress2', 'emailaddress3', 'statecode', 'merged', 'masterid'].map(
      (column) =>
        [
          `a change of ${column} as well`,
          { InputParameters: target({ donotbulkemail: true, [column]: null }) },
        ] as const,
    ),
  ])('under our user that is %s is no echo, and its deny counts', (_what, changes) => {
    const { hints } = judge(own(changes)) as { hints: readonly object[] }
    expect(hints).toMatchObject([{ actorUserId: null, saysDeny: true }])
    expect(hints[0]).not.toHaveProperty('ownWrite')
  })

  it('that another user began and our user ran is no echo, and its deny counts as that user’s', () => {
    const { hints } = judge(own({ InitiatingUserId: userId })) as { hints: readonly object[] }
    expect(hints).toMatchObject([{ actorUserId: userId, saysDeny: true }])
    expect(hints[0]).not.toHaveProperty('ownWrite')
  })

  it.each(['em_contact', 'em_category', 'em_rowkey', 'statecode'])(
    'about a row under our user that changes %s as well is no echo, and its No counts',
    (column) => {
      const { hints } = judge(ownRow({ em_subscribed: false, [column]: null })) as {
        hints: readonly object[]
      }
      expect(hints).toMatchObject([{ actorUserId: null, saysDeny: true }])
      expect(hints[0]).not.toHaveProperty('ownWrite')
    },
  )

  it.each([[null], ['true'], [1]])('under our user with the value %j is no echo', (value) => {
    const body = own({ InputParameters: target({ donotbulkemail: value }) })
    expect(judge(body)).toEqual({ accepted: true, hints: [contactHint] })
  })

  it('under our user that sets addresses names them', () => {
    const body = own({ InputParameters: target({ emailaddress1: 'ann@x.no' }) })
    expect(judge(body)).toMatchObject({ hints: [{ addresses: ['ann@x.no'] }] })
  })

  it('about a row finds the contact in the Target or in the image, and a No', () => {
    const row = { PrimaryEntityName: 'em_subscriptions' }
    const expected = { entity: 'subscription', entityId, contactId, actorUserId: userId }
    const created = { ...row, InputParameters: target({ em_contact, em_subscribed: true }) }
    expect(judge(event(created))).toMatchObject({ hints: [{ ...expected, saysDeny: false }] })
    const image = { key: 'post', value: { Attributes: [{ key: 'em_contact', value: em_contact }] } }
    const flipped = {
      ...row,
      InputParameters: target({ em_subscribed: false }),
      PostEntityImages: [image],
    }
    expect(judge(event(flipped))).toMatchObject({ hints: [{ ...expected, saysDeny: true }] })
    const bare = { ...row, InputParameters: target({ em_subscribed: false }) }
    expect(judge(event(bare))).toMatchObject({ hints: [{ contactId: null, saysDeny: true }] })
  })

  it('about another table is accepted and says nothing', () => {
    expect(judge(event({ PrimaryEntityName: 'account' }))).toEqual({ accepted: true, hints: [] })
  })
})
