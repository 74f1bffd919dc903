import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { z } from 'zod'
import { describeEmarketeerError } from '../../src/emarketeer/describe-emarketeer-error.js'
import {
  answer,
  type ClockReading,
  createHttp,
  type Http,
  type HttpRequest,
  type RequestRecord,
  RequestTally,
  rowsUpTo,
  UpstreamError,
} from '../../src/http/index.js'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A Date header holds whole seconds; beyond them an answer tells its clock no better than the time that it took. */
const HEADER_MS = 1_500

const things = { operation: 'GET /things/{id}', lossUnit: 'call' } as const
const schema = answer(
  { ...things, name: 'test.things' },
  z.object({ items: z.array(z.object({ email: z.string() })) }),
)
const short = answer(
  { ...things, name: 'test.short' },
  z.object({ items: rowsUpTo(200, z.object({ email: z.string() })) }),
)
const read: HttpRequest = {
  method: 'GET',
  path: '/things/anna%40example.test',
  operation: 'GET /things/{id}',
  name: 'things.get',
  effect: 'read',
}
const write: HttpRequest = { ...read, method: 'POST', effect: 'write', json: {} }

function* blanks() {
  for (;;) {
    yield Buffer.alloc(64 * 1024, ' ')
  }
}

describe('createHttp', () => {
  let server: Server
  let http: Http
  let handler: Handler

  beforeEach(async () => {
    server = createServer((request, response) => handler(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    http = createHttp({
      system: 'emarketeer',
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      headers: { 'x-api-key': 'secret-key' },
      timeouts: { responseMs: 150 },
      limits: { bytes: 10_000, elements: 1_000 },
      hooks: { describeError: describeEmarketeerError },
    })
  })
  afterEach(async () => {
    http.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  async function failing(request: HttpRequest): Promise<UpstreamError> {
    const error = await http.json(request, schema).then(
      () => null,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(UpstreamError)
    return error as UpstreamError
  }
  function answering(status: number, body: string, headers: Record<string, string> = {}): Handler {
    return (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body)
    }
  }

  it('returns the checked body, counts the request and reads the clock', async () => {
    handler = answering(200, '{"items":[{"email":"a","extra":1}],"new":true}')
    const tally = new RequestTally()
    const clocks: ClockReading[] = []
    const records: RequestRecord[] = []
    const context = {
      tally,
      onClock: (reading: ClockReading) => clocks.push(reading),
      onRequest: (record: RequestRecord) => records.push(record),
    }
    const sentMs = performance.now()
    const told = await http.json({ ...read, context }, schema)
    const tookMs = performance.now() - sentMs
    expect(told.body).toEqual({ items: [{ email: 'a' }] })
    expect(tally.totals()).toEqual({ emarketeer: 1, crm: 0 })
    expect(tally.operations()).toEqual({ 'emarketeer.things.get': 1 })
    expect(Math.abs(clocks[0]!.offsetMs)).toBeLessThan(HEADER_MS + tookMs)
    expect(records).toMatchObject([{ operation: 'GET /things/{id}', status: 200, failure: null }])
  })

  it.each([
    [400, 'upstream_refused', false, false],
    [401, 'upstream_auth_failed', false, false],
    [403, 'upstream_forbidden', false, false],
    [404, 'upstream_not_found', false, false],
    [409, 'upstream_conflict', false, false],
    [410, 'upstream_refused', false, false],
    [412, 'upstream_conflict', false, false],
    [429, 'upstream_rate_limited', true, false],
    [500, 'upstream_unavailable', true, true],
    [503, 'upstream_unavailable', true, true],
    [302, 'upstream_unexpected_answer', false, true],
  ] as const)('turns %i into %s', async (status, code, retryable, mayHaveBeenApplied) => {
    handler = answering(status, '{"error":{"code":"not_found","details":[]}}', {
      location: '/elsewhere',
      'x-request-id': 'req_1',
      'retry-after': '7',
    })
    const upstreamCode = 'not_found'
    expect(await failing(write)).toMatchObject({
      code,
      status,
      retryable,
      mayHaveBeenApplied,
      upstreamCode,
      requestId: 'req_1',
      retryAfterSeconds: 7,
      operation: 'GET /things/{id}',
    })
    expect((await failing(read)).mayHaveBeenApplied).toBe(false)
  })

  it('names where an answer does not fit, and no value of it or of the call', async () => {
    handler = answering(200, '{"items":[{"email":{"secret":"anna@example.test"}}]}')
    const error = await failing(read)
    expect(error).toMatchObject({ code: 'upstream_unexpected_answer', retryable: false })
    expect(error.message).toContain('items[0].email')
    expect(JSON.stringify({ ...error, m: error.message, s: error.stack })).not.toMatch(
      /anna|secret-key/,
    )
  })

  it.each(['x y anna@example.test', 'anna', 'anna_berg', '4670123', 'AnnaBerg', ['anna']])(
    'keeps personal data in upstream codes and paths out of the error: %j',
    async (word) => {
      const details = [
        { path: word },
        { path: `contacts.${String(word)}` },
        { path: 'items[3].email' },
      ]
      const body = { error: { code: word, message: word, details } }
      handler = answering(422, JSON.stringify(body), { 'x-request-id': 'anna@example.test' })
      const error = await failing(write)
      expect(error.upstreamCode).toBeNull()
      expect(error.paths).toEqual(['items[3].email'])
      expect(JSON.stringify({ ...error, m: error.message })).not.toMatch(/anna|4670123/i)
    },
  )

  it('names no key of a map in which an answer does not fit', async () => {
    handler = answering(200, '{"anna 1":{"4670123":1}}')
    const map = answer(
      { ...things, name: 'test.map' },
      z.record(z.string(), z.record(z.string(), z.string())),
    )
    const error = await http.json(read, map).catch((thrown: unknown) => thrown)
    expect((error as Error).message).toContain('does not fit at ?.?')
  })

  it.each([
    ['HTML', '<html>', { 'content-type': 'text/html' }],
    ['broken JSON', '{"items":[', {}],
  ])('says not JSON for %s', async (_name, body, headers) => {
    handler = answering(200, body, headers)
    expect(await failing(write)).toMatchObject({
      code: 'upstream_not_json',
      status: 200,
      retryable: true,
      mayHaveBeenApplied: true,
    })
  })

  it('says not JSON for an answer that is cut off', async () => {
    handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
      response.write('{"items":', () => response.destroy())
    }
    expect(await failing(write)).toMatchObject({ code: 'upstream_not_json', status: 200 })
  })

  it('refuses an answer above the size limit', async () => {
    handler = answering(200, JSON.stringify({ items: [], pad: 'x'.repeat(200_000) }))
    const code = 'upstream_answer_too_large'
    expect(await failing(read)).toMatchObject({ code, retryable: false })
    const limits = { bytes: 1024 * 1024, elements: 1_000 }
    expect((await http.json({ ...read, limits }, schema)).body).toEqual({ items: [] })
    handler = answering(200, JSON.stringify({ items: [], pad: 'x'.repeat(2_000_000) }))
    const error = await failing({ ...read, limits })
    expect(error).toMatchObject({ code, retryable: false })
    expect(error.message).toBe('emarketeer GET /things/{id}: the answer is larger than 1 MiB')
  })

  it('counts what a compressed answer becomes, and does not wait for its end', async () => {
    let hungUp: Promise<unknown> | undefined
    handler = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
      const endless = Readable.from(blanks())
      hungUp = once(response, 'close').then(() => endless.destroy())
      endless.pipe(createGzip()).pipe(response)
    }
    expect(await failing(read)).toMatchObject({ code: 'upstream_answer_too_large' })
    await hungUp
  })

  it.each([
    ['values', `[${'{},'.repeat(2_000)}{}]`, 'the answer holds more than 1000 values'],
    [
      'levels',
      `${'['.repeat(100)}${']'.repeat(100)}`,
      'the answer is nested deeper than 64 levels',
    ],
    [
      'entries',
      JSON.stringify({ items: Array.from({ length: 300 }, () => 0) }),
      'the answer holds more than 200 entries at items',
    ],
  ])('refuses an answer of too many %s before it is looked into', async (_name, body, reason) => {
    handler = answering(200, body)
    const error = await http.json(read, short).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'upstream_answer_too_large', retryable: false })
    expect((error as Error).message).toContain(reason)
  })

  it('hands on what the database can store, and no key that passes for a prototype', async () => {
    handler = answering(
      200,
      String.raw`{"items":[{"email":"a\u0000b"},{"email":"\ud800"},{"email":"\ud83d\ude00"}],"__proto__":{"x":1},"\u005f_proto__":1,"k\u0000":1}`,
    )
    const { body } = await http.json(
      read,
      answer({ ...things, name: 'test.any' }, z.record(z.string(), z.unknown())),
    )
    expect(body).toEqual({
      items: [{ email: 'a\u001ab' }, { email: '\ufffd' }, { email: '😀' }],
      'k\u001a': 1,
    })
    expect(Object.getPrototypeOf(body)).toBe(Object.prototype)
  })

  it('times out; only a write may then have been applied', async () => {
    handler = () => undefined
    expect(await failing(write)).toMatchObject({
      code: 'upstream_timeout',
      retryable: true,
      mayHaveBeenApplied: true,
    })
    expect(await failing(read)).toMatchObject({ mayHaveBeenApplied: false })
  })

  it('knows that a refused connection never carried the request', async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    expect(await failing(write)).toMatchObject({
      code: 'upstream_unreachable',
      retryable: true,
      mayHaveBeenApplied: false,
    })
  })

  it('knows that a broken connection may have carried it', async () => {
    handler = (request) => request.socket.destroy()
    expect(await failing(write)).toMatchObject({
      code: 'upstream_unreachable',
      mayHaveBeenApplied: true,
    })
  })

  it('stops when the caller cancels, with the reason as cause', async () => {
    const controller = new AbortController()
    handler = () => controller.abort(new Error('stop'))
    const error = await failing({ ...write, context: { signal: controller.signal } })
    expect(error).toMatchObject({ code: 'upstream_cancelled', mayHaveBeenApplied: true })
    expect(error.cause).toEqual(new Error('stop'))
    const again = await failing({ ...write, context: { signal: controller.signal } })
    expect(again.mayHaveBeenApplied).toBe(false)
  })

  it('never takes its credentials to another origin', async () => {
    expect(await failing({ ...read, path: 'http://127.0.0.1:1/next' })).toMatchObject({
      code: 'upstream_unexpected_answer',
    })
  })

  it('returns an accepted status as an outcome', async () => {
    handler = answering(412, '{}')
    const answer = await http.text({ ...write, acceptStatuses: [412] })
    expect(answer.status).toBe(412)
  })
})
