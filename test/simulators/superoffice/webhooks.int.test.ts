import { createHmac } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { Receiver } from '../emarketeer/receiver.js'
import { startInstallation, type TestInstallation } from './client.js'

let installation: TestInstallation
let receiver: Receiver

beforeEach(async () => {
  receiver = await Receiver.start()
  installation = await startInstallation({ allowHttpWebhooks: true, webhookTimeScale: 0.001 })
})
afterEach(async () => {
  await installation.close()
  await receiver.close()
})

const draft = (changes: Record<string, unknown> = {}) => ({
  Name: 'eMarketeer legal basis',
  Events: ['person.consented', 'person.unconsented', 'person.created', 'person.changed'],
  TargetUrl: receiver.url,
  Secret: 'shh',
  State: 'Active',
  Type: 'webhook',
  Headers: { 'X-Tenant': 'Cust12345' },
  Properties: null,
  ...changes,
})
const register = (changes: Record<string, unknown> = {}) =>
  installation.api('POST', 'Webhook', { body: draft(changes) })
const bodyOf = (received: { body: Buffer }) =>
  JSON.parse(received.body.toString()) as Record<string, unknown>
const state = async () => {
  const { json } = await installation.api('GET', 'Webhook?nameFilter=legal%20basis')
  return (json as { State: string }[])[0]?.State
}

describe('registering a webhook', () => {
  it('posts a test event, signed, and is found by name', async () => {
    const { json } = await register()
    expect(json).toMatchObject({ WebhookId: 1, State: 'Active', Secret: '' })
    const { headers, body } = await receiver.next()
    expect(headers).toMatchObject({ 'x-hook-test': 'true', 'x-tenant': 'Cust12345' })
    const signature = createHmac('sha256', 'shh').update(body).digest('base64')
    expect(headers['x-superoffice-signature']).toBe(signature)
    expect(bodyOf({ body })).toMatchObject({ Event: 'test' })
    expect(await state()).toBe('Active')
    expect((await installation.api('GET', 'Webhook?eventFilter=person.deleted')).json).toEqual([])
    expect((await register()).json).toMatchObject({ WebhookId: 2 })
    expect((await installation.api('DELETE', 'Webhook/1')).status).toBe(204)
    expect((await installation.api('GET', 'Webhook/1')).status).toBe(404)
  })

  it('fails unless the test event gets 200, for unknown events, and for plain http', async () => {
    receiver.answers.push({ status: 202 })
    expect((await register()).status).toBe(400)
    expect((await register({ Events: ['person.emailed'] })).status).toBe(400)
    expect((await register({ Name: '' })).status).toBe(400)
    expect((await installation.api('GET', 'Webhook')).json).toEqual([])
    await installation.control.post('switches', { webhookAgent: 'forbidden' })
    expect((await register()).status).toBe(403)
    await installation.close()
    installation = await startInstallation()
    expect((await register()).status).toBe(400)
  })
})

describe('events', () => {
  beforeEach(async () => {
    await register()
    await receiver.next()
  })

  it('name the person and the user, not the purpose or the value', async () => {
    await installation.control.post('persons', { persons: [{ emails: ['a@x.no'] }] })
    expect(bodyOf(await receiver.next())).toMatchObject({ Event: 'person.created', PrimaryKey: 1 })
    await installation.control.post('persons/1/emails', { emails: ['b@x.no'] })
    await installation.api('PUT', 'Person/1/Consent/EMARKETING?source=Api&legalBase=61A')
    const consented = await receiver.next()
    expect(consented.headers['x-superoffice-event']).toBe('person.consented')
    expect(bodyOf(consented)).toMatchObject({
      PrimaryKey: 1,
      Entity: 'person',
      ContextIdentifier: 'Cust12345',
      ChangedByAssociateId: 316,
      WebhookName: 'eMarketeer legal basis',
    })
    expect(consented.body.toString()).not.toMatch(/61A|EMARKETING/)
    const act = { purpose: 'EMARKETING', legalBase: 'WITHDRAWN' }
    await installation.control.post('persons/1/consent', act)
    expect(bodyOf(await receiver.next())).toMatchObject({
      Event: 'person.unconsented',
      ChangedByAssociateId: 12,
    })
  })

  it('are tried three times with one id, then discarded; three of those stop the webhook', async () => {
    await installation.control.post('persons', { persons: [{ silent: true }] })
    receiver.answers.push({ status: 500 }, { status: 202 })
    await installation.control.post('persons/1/save', {})
    await installation.control.post('webhooks/drain')
    const tries = [await receiver.next(), await receiver.next(), await receiver.next()]
    expect(new Set(tries.map((it) => it.headers['x-superoffice-eventid'])).size).toBe(1)
    expect(tries.map((it) => it.headers['x-superoffice-retry'])).toEqual([undefined, '1', '2'])
    expect(await installation.control.get('webhooks')).toMatchObject({ delivered: 1, discarded: 0 })
    receiver.answers.push(...Array.from({ length: 9 }, () => ({ status: 500 })))
    for (let n = 0; n < 3; n += 1) {
      expect(await state()).toBe('Active')
      await installation.control.post('persons/1/save', {})
      await installation.control.post('webhooks/drain')
    }
    expect(await state()).toBe('TooManyErrors')
    const { json } = await installation.api('GET', 'Webhook/1/LastError')
    expect(json).toContain('500')
    await installation.control.post('persons/1/save', {})
    expect(await installation.control.get('webhooks')).toMatchObject({ pending: 0 })
    await installation.api('PUT', 'Webhook/1', { body: draft() })
    expect(await state()).toBe('Active')
  })

  it('that failed are queued again, and hold up nobody', async () => {
    await installation.control.post('webhook-faults', { paused: true })
    await installation.control.post('persons', { persons: [{}, {}, {}, {}, {}, {}] })
    receiver.answers.push({ status: 500 })
    await installation.control.post('webhook-faults', { paused: false })
    await installation.control.post('webhooks/drain')
    const calls = await Promise.all(Array.from({ length: 7 }, () => receiver.next()))
    expect(calls.filter((it) => it.headers['x-superoffice-retry'] === '1')).toHaveLength(1)
    expect(await installation.control.get('webhooks')).toMatchObject({ delivered: 6, pending: 0 })
  })

  it('end immediately where they are answered with 410', async () => {
    await installation.control.post('persons', { persons: [{ silent: true }] })
    receiver.answers.push({ status: 410 })
    await installation.control.post('persons/1/save', {})
    await installation.control.post('webhooks/drain')
    expect(await state()).toBe('TooManyErrors')
    expect(await installation.control.get('webhooks')).toMatchObject({ discarded: 1 })
  })

  it('get lost, doubled and held back on demand', async () => {
    const { control } = installation
    await control.post('webhook-faults', { loseNext: 1, copies: 2, paused: true })
    await control.post('persons', { persons: [{}, {}] })
    expect(await control.get('webhooks')).toMatchObject({ lost: 1, pending: 2 })
    await control.post('webhook-faults', { paused: false })
    const [first, second] = [await receiver.next(), await receiver.next()]
    expect(bodyOf(first)).toEqual(bodyOf(second))
  })
})
