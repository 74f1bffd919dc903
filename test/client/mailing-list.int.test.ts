import type { Client } from '@temporalio/client'
import { describe, expect, it } from '@jest/globals'
import { createCampaignClient } from '../../src/client/index.js'
import { AppError } from '../../src/contracts/app-error.js'
import { withScriptedGateway } from './scripted-gateway.js'

const gateway = withScriptedGateway()
const unused = {} as Client

const entry = (n: number) => ({ contactId: `${n}`, email: `${n}@example.com`, mobile: null })
const page = (numbers: number[], nextCursor: string | null) => ({
  body: { entries: numbers.map(entry), nextCursor, verifiedAsOf: null, asOf: '' },
})
const refusal = (status: number, code: string, retryAfter?: string) => ({
  status,
  headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  body: { error: { code, message: 'No.', path: null, value: null, hint: '' } },
})

function clientOf(gatewayUrl: string, gatewayApiKey = 'the-key') {
  return createCampaignClient({ temporal: unused, gatewayUrl, gatewayApiKey })
}

async function read(gatewayUrl: string): Promise<string[]> {
  const ids = []
  for await (const { contactId } of clientOf(gatewayUrl).mailingList('snd 7', '1001')) {
    ids.push(contactId)
  }
  return ids
}

describe('reading a mailing list', () => {
  it('goes from page to page by cursor, with the key', async () => {
    const { url, asked } = await gateway([page([1, 2], 'p2'), page([], 'p4'), page([3], null)])
    expect(await read(url)).toEqual(['1', '2', '3'])
    const path = '/api/v1/sendouts/snd%207/mailing-list?accountId=1001'
    expect(asked.map((one) => one.path)).toEqual([path, `${path}&cursor=p2`, `${path}&cursor=p4`])
    expect(new Set(asked.map((one) => one.authorization))).toEqual(new Set(['Bearer the-key']))
  })

  it('asks for the list of an account, page by page', async () => {
    const { url, asked } = await gateway([page([1], 'p2'), page([], null)])
    const list = clientOf(url).mailingList('snd', '1001')
    for await (const { contactId } of list) {
      expect(contactId).toBe('1')
    }
    const path = '/api/v1/sendouts/snd/mailing-list?accountId=1001'
    expect(asked.map((one) => one.path)).toEqual([path, `${path}&cursor=p2`])
  })

  it('asks for a page only when it is needed', async () => {
    const { url, asked } = await gateway([page([1, 2], 'p2'), page([3], null)])
    for await (const { contactId } of clientOf(url).mailingList('snd', '1001')) {
      expect(contactId).toBe('1')
      break
    }
    expect(asked).toHaveLength(1)
  })

  it('asks again for what may work later, and leaves nobody out or in twice', async () => {
    const { url, asked } = await gateway([
      refusal(503, 'emarketeer_unreachable', '0'),
      page([1], 'p1'),
      'drop',
      refusal(429, 'too_many_requests', '0'),
      { status: 503, headers: { 'retry-after': '0' }, body: '<html>' },
      page([2], null),
    ])
    expect(await read(url)).toEqual(['1', '2'])
    expect(asked).toHaveLength(6)
  })

  it('gives up after five times, with the error of the last', async () => {
    const away = refusal(503, 'emarketeer_unreachable', '0')
    const { url, asked } = await gateway([away, away, away, away, away, page([1], null)])
    await expect(read(url)).rejects.toMatchObject({
      name: 'AppError',
      code: 'emarketeer_unreachable',
      kind: { retryable: true },
    })
    expect(asked).toHaveLength(5)
  })

  it('does not wait for long', async () => {
    const { url, asked } = await gateway([refusal(503, 'emarketeer_rate_limited', '3600')])
    await expect(read(url)).rejects.toMatchObject({
      code: 'emarketeer_rate_limited',
      retryAfterMs: 3_600_000,
    })
    expect(asked).toHaveLength(1)
  })

  it.each([
    [401, 'unauthorized'],
    [404, 'sendout_not_found'],
    [409, 'list_not_available'],
    [503, 'emarketeer_auth_failed'],
  ])('does not repeat %d %s', async (status, code) => {
    const { url, asked } = await gateway([refusal(status, code), page([1], null)])
    const failure: unknown = await read(url).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(AppError)
    expect(failure).toMatchObject({ code })
    expect(asked).toHaveLength(1)
  })

  it.each([
    ['a closed API', refusal(503, 'api_key_not_configured')],
    ['a proxy that answers for it', { body: '<html>' }],
    ['a page without entries', { body: { nextCursor: null } }],
    ['a page cut off', { body: '{"entries":[],"nextCur' }],
    ['a page without a cursor', { body: { entries: [] } }],
    ['an unknown code', refusal(418, 'teapot')],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: '' }],
  ])('does not take %s for the end of the list', async (_what, answer) => {
    const { url, asked } = await gateway([answer, page([1], null)])
    await expect(read(url)).rejects.toMatchObject({ name: 'GatewayError', retryable: false })
    expect(asked).toHaveLength(1)
  })

  it('does not go round in circles', async () => {
    const { url } = await gateway([page([1], 'p1'), page([1], 'p1')])
    await expect(read(url)).rejects.toMatchObject({ name: 'GatewayError', retryable: false })
  })

  it('ends when its reader does', async () => {
    const { url } = await gateway([refusal(503, 'emarketeer_unreachable', '20')])
    const reader = new AbortController()
    const list = clientOf(url).mailingList('snd', '1001', reader.signal)[Symbol.asyncIterator]()
    const next = list.next()
    setImmediate(() => reader.abort())
    await expect(next).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe("the gateway's key", () => {
  it('may have white space around it, as files and shells leave there', async () => {
    const { url, asked } = await gateway([page([], null)])
    for await (const entry of clientOf(url, ' the-key\n').mailingList('snd', '1001')) {
      expect(entry).toBeNull()
    }
    expect(asked.map((one) => one.authorization)).toEqual(['Bearer the-key'])
  })

  it.each(['', 'the\nkey', 'nyckel-å'])('%j is refused, and not shown', (key) => {
    const making = () => clientOf('https://gateway.example.com', key)
    expect(making).toThrow(
      expect.objectContaining({ code: 'value_invalid', path: 'gatewayApiKey' }),
    )
  })
})

describe("the gateway's address", () => {
  it.each([
    ['http://gateway.example.com', 'http_not_allowed'],
    ['gateway', 'value_invalid'],
    ['https://user:secret@gateway.example.com', 'value_invalid'],
  ])('%s is refused', (url, code) => {
    expect(() => clientOf(url)).toThrow(expect.objectContaining({ code }))
    expect(() => clientOf(url)).not.toThrow(/secret/)
  })
})
