import { Agent, request } from 'node:http'
import { describe, expect, it } from '@jest/globals'
import { freePort } from '../../dev/embedded/start-program.js'
import { countLookUps, flood, guessedRef, inTurn, printFigures } from './flood.js'
import { withGateway, type GatewayFixture } from './gateway-fixture.js'
import {
  hookedConnection,
  inboxOf,
  outcome,
  post,
  postAsDataverse,
  postAsEmarketeer,
  type HookedConnection,
} from './senders.js'

const gateway = withGateway()

/** Sends denies by both routes, one after the other, during a flood. */
async function honestDenies(url: string, hooked: HookedConnection, times = 4) {
  const began = performance.now()
  const crm = await inTurn(times, () => postAsDataverse(url, hooked))
  const em = await inTurn(times, () => postAsEmarketeer(url, hooked))
  return { crm, em, eachMs: Math.round((performance.now() - began) / (2 * times)) }
}

/** The most log lines in this many milliseconds: two of each kind (code, route and connection) in ten seconds. */
const mostLines = (ms: number) => 8 * (Math.ceil(ms / 10_000) + 1)

/**
 * The most look-ups that a flood may cause in this many milliseconds: of the list, and of each of `addresses`, one per
 * second each.
 */
const mostLookUps = (ms: number, addresses: number) => (1 + addresses) * (Math.ceil(ms / 1_000) + 1)

/** Does work during a flood, and returns the flood's cost. */
async function amid<T>(
  what: string,
  { db, lines }: GatewayFixture,
  call: () => Promise<Response>,
  work: () => Promise<T>,
) {
  const lookUps = countLookUps(db)
  const began = performance.now()
  const running = flood(call)
  const done = await work()
  const statuses = await running.stop()
  const ms = Math.round(performance.now() - began)
  const figures = { ms, statuses, lookUps: lookUps(), logLines: lines.length }
  printFigures(what, { ...figures, done })
  return { done, ...figures }
}

describe('an honest deny gets through', () => {
  it('a flood of guessed addresses, at a process that has not met its address yet', async () => {
    const { db: before } = gateway.now
    const hooked = await hookedConnection(before)
    const fixture = await gateway.start()
    const { url } = fixture
    const guess = () => post({ url: `${url}/hooks/crm/${guessedRef()}` })
    await inTurn(10, guess)
    const { done, ms, statuses, lookUps, logLines } = await amid('guesses', fixture, guess, () =>
      honestDenies(url, hooked),
    )
    expect(new Set([...done.crm, ...done.em])).toEqual(new Set([202]))
    expect(Object.keys(statuses).sort()).toEqual(['401', '503'])
    // Each honest address is looked up once after it was proven, beside its first reading.
    expect(lookUps).toBeLessThanOrEqual(mostLookUps(ms, 1) + 20)
    expect(logLines).toBeLessThanOrEqual(mostLines(ms))
  })

  it('a flood at its own address by who does not have the secret', async () => {
    const hooked = await hookedConnection(gateway.now.db)
    const fixture = await gateway.start()
    const { url } = fixture
    let n = 0
    const { done, ms, statuses, lookUps, logLines } = await amid(
      'address without secret',
      fixture,
      () =>
        (n += 1) % 2 === 0
          ? postAsDataverse(url, hooked, { headers: { 'x-em-secret': 'guess' } })
          : postAsEmarketeer(url, hooked, { secret: `whsec_${'A'.repeat(32)}` }),
      () => honestDenies(url, hooked),
    )
    expect(new Set([...done.crm, ...done.em])).toEqual(new Set([202]))
    expect(Object.keys(statuses).sort()).toEqual(['401', '503'])
    expect(lookUps).toBeLessThanOrEqual(mostLookUps(ms, 1) + 20)
    expect(logLines).toBeLessThanOrEqual(mostLines(ms))
  })

  it('without being counted with those who only know the address', async () => {
    // Buckets do not refill, so a counted call is spent.
    const hooked = await hookedConnection(gateway.now.db)
    const { url } = await gateway.start({ nowMs: () => 0 })
    expect((await postAsDataverse(url, hooked)).status).toBe(202)
    const wrong = await Promise.all(
      Array.from({ length: 300 }, () =>
        outcome(postAsDataverse(url, hooked, { headers: { 'x-em-secret': 'guess' } })),
      ),
    )
    const codes = wrong.map(([, code]) => code)
    expect(codes.filter((code) => code === 'webhook_unauthorized')).toHaveLength(5)
    expect(codes.filter((code) => code === 'webhook_not_judged')).toHaveLength(295)
    expect((await postAsDataverse(url, hooked)).status).toBe(202)
  })

  it('a flood of honest calls of another tenant', async () => {
    const { db } = gateway.now
    const [busy, quiet] = [await hookedConnection(db), await hookedConnection(db)]
    const fixture = await gateway.start({ nowMs: () => 0 })
    const { url } = fixture
    const burst = await Promise.all(
      Array.from({ length: 205 }, () => postAsDataverse(url, busy).then(({ status }) => status)),
    )
    expect(burst.filter((status) => status === 202)).toHaveLength(200)
    const { done, statuses } = await amid(
      'honest calls of another tenant',
      fixture,
      () => postAsDataverse(url, busy),
      () => honestDenies(url, quiet),
    )
    expect(new Set([...done.crm, ...done.em])).toEqual(new Set([202]))
    expect(Object.keys(statuses)).toEqual(['503'])
    // Its own other route is separate from its CRM's.
    expect((await postAsEmarketeer(url, busy)).status).toBe(202)
    expect(await inboxOf(db, busy)).toHaveLength(201)
  })

  it('a restart in the middle of a flood, with the first answer of the new process', async () => {
    const port = await freePort()
    const old = await gateway.start({ port })
    const hooked = await hookedConnection(old.db)
    const { url } = old
    let n = 0
    const running = flood(() =>
      (n += 1) % 2 === 0
        ? post({ url: `${url}/hooks/crm/${guessedRef()}` })
        : postAsDataverse(url, hooked, { headers: { 'x-em-secret': 'guess' } }),
    )
    await old.close()
    const fresh = await gateway.start({ port })
    const first = await postAsDataverse(url, hooked)
    const statuses = await running.stop()
    printFigures('restart', { statuses, first: first.status })
    expect(first.status).toBe(202)
    expect(await inboxOf(fresh.db, hooked)).toHaveLength(1)
    expect(Object.keys(statuses)).not.toContain('429')
  })

  it('that is sent again as Retry-After says, to an address made in the middle of a flood', async () => {
    const fixture = await gateway.start()
    const { url, db } = fixture
    const guess = () => post({ url: `${url}/hooks/em/${guessedRef()}` })
    const { done } = await amid('new address', fixture, guess, async () => {
      await inTurn(10, guess)
      const hooked = await hookedConnection(db)
      const statuses: number[] = []
      // On a busy machine the reading that a refused call starts may take longer than Retry-After.
      while (statuses.at(-1) !== 202 && statuses.length < 6) {
        const { status, headers } = await postAsDataverse(url, hooked)
        statuses.push(status)
        const seconds = status === 202 ? 0 : Number(headers.get('retry-after'))
        await new Promise((resolve) => setTimeout(resolve, seconds * 1_000))
      }
      return statuses
    })
    expect(done.at(-1)).toBe(202)
    expect(new Set(done.slice(0, -1))).toEqual(new Set(done.length === 1 ? [] : [503]))
  })

  it('many large bodies of strangers that never end', async () => {
    const { url, db } = gateway.now
    const hooked = await hookedConnection(db)
    expect((await postAsEmarketeer(url, hooked)).status).toBe(202)
    const agent = new Agent({ maxSockets: 60 })
    const answers: Promise<number>[] = []
    const open = Array.from({ length: 40 }, () => {
      const call = request(`${url}/hooks/em/${hooked.row.webhookRef}`, {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': String(320 * 1024),
          'webhook-id': 'chg_1',
          'webhook-timestamp': '1',
          'webhook-signature': 'v1,AAAA',
        },
      })
      call.on('error', () => undefined)
      call.flushHeaders()
      answers.push(
        new Promise((resolve) => call.on('response', ({ statusCode }) => resolve(statusCode ?? 0))),
      )
      return call
    })
    // 8 MB per source are 25 bodies of 320 KB.
    const refused = await firstOf(answers, 15)
    expect(new Set(refused)).toEqual(new Set([503]))
    const denies = await honestDenies(url, hooked)
    expect(new Set([...denies.crm, ...denies.em])).toEqual(new Set([202]))
    open.forEach((call) => call.destroy())
    agent.destroy()
  })
})

describe('what costs the gateway little', () => {
  it('readiness: asked a hundred times, it asks the database once', async () => {
    const { url, db } = gateway.now
    const query = db.query.bind(db)
    let asked = 0
    db.query = (sql, values) => {
      asked += sql === 'SELECT 1' ? 1 : 0
      return query(sql, values)
    }
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => fetch(`${url}/readyz`).then(({ status }) => status)),
    )
    expect(new Set(answers)).toEqual(new Set([200]))
    // Less than a second, and two if the hundred took longer.
    expect(asked).toBeLessThanOrEqual(2)
  })

  it('a body that has nowhere to go is not read', async () => {
    const { url } = gateway.now
    const call = request(`${url}/nothing`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': String(320 * 1024) },
    })
    call.on('error', () => undefined)
    call.flushHeaders()
    const status = await new Promise((resolve) =>
      call.on('response', ({ statusCode }) => resolve(statusCode)),
    )
    expect(status).toBe(404)
    call.destroy()
  })

  it('wrong keys of the list API: a few log lines, however many they are', async () => {
    const { url, lines } = gateway.now
    await Promise.all(
      Array.from({ length: 200 }, () =>
        fetch(`${url}/api/v1/sendouts/x/result`, { headers: { authorization: 'Bearer guess' } }),
      ),
    )
    expect(lines.length).toBeLessThanOrEqual(2)
  })
})

/** The first ones that resolve, in any order. */
function firstOf<T>(promises: readonly Promise<T>[], count: number): Promise<T[]> {
  return new Promise((resolve) => {
    const come: T[] = []
    promises.forEach(
      (promise) =>
        void promise.then((value) => {
          come.push(value)
          if (come.length === count) {
            resolve([...come])
          }
        }),
    )
  })
}
