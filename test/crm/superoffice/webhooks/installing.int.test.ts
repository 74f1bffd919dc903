import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readFacts } from '../../../../src/crm/superoffice/facts.js'
import { addPerson, runSteps, SECRETS, type Stand, startStand } from '../setup/stand.js'
import { install, type Receiver, startReceiver } from './receiver.js'

interface Registered {
  readonly webhookId: number
  readonly name: string
  readonly events: readonly string[]
  readonly targetUrl: string
  readonly secret: string
  readonly state: string
}

let stand: Stand
let receiver: Receiver

async function start(options: Parameters<typeof startStand>[0] = {}): Promise<void> {
  stand = await startStand({ allowHttpWebhooks: true, webhookTimeScale: 0.001, ...options })
  receiver = await startReceiver(stand)
  receiver.facts = await runSteps(stand, ['connect'])
}

beforeEach(() => start())
afterEach(async () => {
  await receiver.close()
  await stand.close()
})

async function registered(): Promise<readonly Registered[]> {
  return (await stand.control.get<{ webhooks: Registered[] }>('webhooks')).webhooks
}

/** Makes SuperOffice post an event of a new person, and waits until it was answered or abandoned. */
async function anEvent(): Promise<void> {
  await addPerson(stand, { emails: ['a@x.test'] })
  await stand.control.post('webhooks/drain')
}

describe('installing webhooks', () => {
  it('registers once, signed from the test event on, and keeps no secret in the clear', async () => {
    expect(await install(stand, receiver)).toEqual({ installed: true, reason: null })
    const [webhook, ...further] = await registered()
    expect(further).toEqual([])
    expect(webhook).toMatchObject({
      name: 'eMarketeer sync (nord-so)',
      targetUrl: receiver.url,
      state: 'Active',
      events: [
        'person.consented',
        'person.unconsented',
        'person.created',
        'person.changed',
        'person.softdeleted',
        'person.deleted',
      ],
    })
    expect(webhook?.secret).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(receiver.facts)).not.toContain(webhook?.secret)
    expect(receiver.calls.map(({ request }) => request.headers['x-hook-test'])).toEqual(['true'])
    expect(receiver.calls[0]?.verdict).toEqual({ accepted: true, hints: [] })
    await anEvent()
    expect(receiver.calls[1]?.verdict).toMatchObject({
      accepted: true,
      hints: [{ saysDeny: false }],
    })
  })

  it('again changes the secret and adds nothing; the one before is believed, no earlier one', async () => {
    await install(stand, receiver)
    await install(stand, receiver)
    const secretsOf = () =>
      readFacts(receiver.facts).webhook?.secrets.map((one) => SECRETS.open(one)) ?? []
    const [second, first] = secretsOf()
    expect((await registered()).map(({ secret }) => secret)).toEqual([second])
    expect(first).not.toBe(second)
    await install(stand, receiver, `${receiver.url}2`)
    expect(secretsOf()).toHaveLength(2)
    expect(secretsOf()).not.toContain(first)
    expect(await registered()).toMatchObject([{ targetUrl: `${receiver.url}2` }])
  })

  it('in attempts that fail believes what is registered, however many they are', async () => {
    await install(stand, receiver)
    for (let attempt = 0; attempt < 5; attempt += 1) {
      await stand.control.post('faults', { method: 'PUT', path: 'Webhook', reset: true, times: 1 })
      await expect(install(stand, receiver)).rejects.toMatchObject({ mayHaveBeenApplied: true })
      await anEvent()
      expect(receiver.calls.at(-1)?.verdict.accepted).toBe(true)
    }
    await install(stand, receiver)
    await anEvent()
    expect(receiver.calls.at(-1)?.verdict.accepted).toBe(true)
  })

  it('finds one that it made before though the answer was lost, and deletes doubles', async () => {
    await stand.control.post('faults', {
      method: 'POST',
      path: 'Webhook',
      execute: true,
      reset: true,
      times: 1,
    })
    await expect(install(stand, receiver)).rejects.toMatchObject({ mayHaveBeenApplied: true })
    // The secret that was stored before the answer is already accepted.
    await anEvent()
    expect(receiver.calls.at(-1)?.verdict.accepted).toBe(true)
    const { webhookId, ...same } = stand.world.webhooks.list()[0]!
    stand.world.webhooks.add(same)
    await install(stand, receiver)
    expect((await registered()).map((one) => one.webhookId)).toEqual([webhookId])
  })

  it.each(['forbidden', 'absent'] as const)(
    'says so where webhooks are %s',
    async (webhookAgent) => {
      await stand.control.post('switches', { webhookAgent })
      const { installed, reason } = await install(stand, receiver)
      expect(installed).toBe(false)
      expect(reason).toMatch(
        webhookAgent === 'forbidden' ? /granted the Webhook agent/ : /has no webhooks/,
      )
      expect(readFacts(receiver.facts).webhook).toBeUndefined()
      expect(await stand.open(receiver.facts).tendWebhooks?.({})).toEqual({ reactivated: false })
      expect(await stand.open(receiver.facts).removeWebhooks({})).toEqual({ webhook: null })
    },
  )

  it('says so where the test event is not answered with 200, and what was there goes on', async () => {
    receiver.status = 202
    const { installed, reason } = await install(stand, receiver)
    expect(installed).toBe(false)
    expect(reason).toMatch(/refuses to post to http:\/\/127\.0\.0\.1:\d+ \(WebhookException\)/)
    expect(reason).not.toContain('/hooks')
    receiver.status = null
    await install(stand, receiver)
    const before = receiver.facts
    receiver.status = 500
    expect((await install(stand, receiver)).installed).toBe(false)
    expect(receiver.facts).toEqual(before)
    receiver.status = null
    await anEvent()
    expect(receiver.calls.at(-1)?.verdict.accepted).toBe(true)
  })

  it('does not even ask where our address is not https', async () => {
    const { installed, reason } = await install(stand, receiver, 'http://hooks.example.com/x')
    expect([installed, reason]).toEqual([
      false,
      'SuperOffice posts only to https, and PUBLIC_URL is http://hooks.example.com.',
    ])
    expect(await stand.requests('listWebhooks')).toBe(0)
  })

  it.each([503, 429])('throws what another attempt may resolve: %i', async (status) => {
    await stand.control.post('faults', { path: 'Webhook', status, body: {} })
    await expect(install(stand, receiver)).rejects.toMatchObject({ retryable: true })
  })

  it('pauses where the credentials are refused', async () => {
    await stand.control.post('faults', { path: 'Webhook', status: 401, body: {} })
    await expect(install(stand, receiver)).rejects.toMatchObject({ pause: { code: 'authFailed' } })
  })
})

describe('tending webhooks', () => {
  const tend = () => stand.open(receiver.facts).tendWebhooks?.({})

  it('switches on again what SuperOffice switched off, signed as before', async () => {
    await install(stand, receiver)
    expect(await tend()).toEqual({ reactivated: false })
    receiver.status = 500
    // Three events with three attempts each: nine consecutive attempts.
    for (let at = 0; at < 3; at++) {
      expect(await registered()).toMatchObject([{ state: 'Active' }])
      await anEvent()
    }
    expect(await registered()).toMatchObject([{ state: 'TooManyErrors' }])
    // Our gateway does not answer yet, so the webhook stays off.
    expect(await tend()).toEqual({ reactivated: false })
    receiver.status = null
    expect(await tend()).toEqual({ reactivated: true })
    expect(await registered()).toMatchObject([{ state: 'Active' }])
    await anEvent()
    expect(receiver.calls.at(-1)?.verdict.accepted).toBe(true)
    expect(await tend()).toEqual({ reactivated: false })
  })

  it("passes over other people's, whatever is odd about them", async () => {
    await install(stand, receiver)
    const own = stand.world.webhooks.list()[0]!
    const ours = { WebhookId: own.webhookId, Name: own.name, State: 'TooManyErrors' }
    const others = [
      null,
      'x',
      { WebhookId: 'seven', Name: own.name },
      { WebhookId: 8, Name: 9 },
      {},
    ]
    const body = [...others, { WebhookId: 7, Name: 'theirs', State: 5 }, ours]
    await stand.control.post('faults', { method: 'GET', path: 'Webhook', status: 200, body })
    expect(await tend()).toEqual({ reactivated: true })
  })

  it('leaves one that somebody stopped or deleted, but not one that failed before', async () => {
    await install(stand, receiver)
    const webhook = stand.world.webhooks.list()[0]!
    webhook.state = 'Stopped'
    expect(await tend()).toEqual({ reactivated: false })
    expect(webhook.state).toBe('Stopped')
    webhook.lastError = 'The target answered 500'
    expect(await tend()).toEqual({ reactivated: true })
    expect(webhook.state).toBe('Active')
    stand.world.webhooks.remove(webhook.webhookId)
    expect(await tend()).toEqual({ reactivated: false })
    expect(await registered()).toEqual([])
  })

  it('reports where its secret does not open any more', async () => {
    await install(stand, receiver)
    stand.world.webhooks.list()[0]!.state = 'TooManyErrors'
    const webhook = { url: receiver.url, secrets: ['v1.00000000.AAAA'] }
    const crm = stand.open({ ...receiver.facts, webhook })
    await expect(crm.tendWebhooks?.({})).rejects.toMatchObject({ code: 'environment_invalid' })
  })
})

describe('removing webhooks', () => {
  it("deletes ours and no other connection's, and is safe to repeat", async () => {
    await install(stand, receiver)
    const { url } = receiver
    const keep = () => Promise.resolve()
    receiver.status = 200
    await stand.open(receiver.facts, {}, 'nord-so-2').installWebhooks({ url, keep }, {})
    const crm = stand.open(receiver.facts)
    expect(await crm.removeWebhooks({})).toEqual({ webhook: null })
    expect(await crm.removeWebhooks({})).toEqual({ webhook: null })
    expect((await registered()).map(({ name }) => name)).toEqual(['eMarketeer sync (nord-so-2)'])
  })
})
