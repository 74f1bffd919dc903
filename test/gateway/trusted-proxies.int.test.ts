import { randomBytes } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { withProcesses } from '../support/with-processes.js'
import { withGateway } from './gateway-fixture.js'
import { hookedConnection, inboxOf, post, postAsDataverse, postAsEmarketeer } from './senders.js'

const gateway = withGateway()
const processes = withProcesses()

const PROXY = 'test/support/reverse-proxy.mjs'

/**
 * A proxy process before a gateway. @param says the address that it states for its caller; absent: the caller's own.
 */
async function proxyBefore(url: string, says?: string): Promise<string> {
  const args = [url, ...(says === undefined ? [] : [says])]
  const { ready } = await processes.start<{ url: string }>({ entry: PROXY, args })
  return ready.url
}

/** Guesses addresses, and counts the answers. */
async function guess(url: string, times: number, headers: Record<string, string> = {}) {
  const guesses = Array.from({ length: times }, () =>
    post({ url: `${url}/hooks/crm/${randomBytes(24).toString('base64url')}`, headers }),
  )
  const statuses = (await Promise.all(guesses)).map(({ status }) => status)
  return { judged: statuses.filter((status) => status === 401).length, all: statuses.length }
}

describe('behind a proxy', () => {
  it('that is trusted, who fails is counted by the address that the proxy saw', async () => {
    const { url } = await gateway.start({ nowMs: () => 0, trustedProxies: ['127.0.0.1'] })
    const [one, other] = [
      await proxyBefore(url, '203.0.113.1'),
      await proxyBefore(url, '2001:db8::7'),
    ]
    expect(await guess(one, 8)).toEqual({ judged: 5, all: 8 })
    expect(await guess(other, 5)).toEqual({ judged: 5, all: 5 })
  })

  it('that is trusted, what the caller says of itself makes nobody of it', async () => {
    const { url } = await gateway.start({ nowMs: () => 0, trustedProxies: ['127.0.0.1'] })
    const proxy = await proxyBefore(url, '203.0.113.1')
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        guess(proxy, 1, { 'x-forwarded-for': `198.51.100.${n}` }),
      ),
    )
    expect(answers.filter(({ judged }) => judged === 1)).toHaveLength(5)
  })

  it('that is not trusted, X-Forwarded-For is nobody’s word', async () => {
    const { url } = await gateway.start({ nowMs: () => 0 })
    const [one, other] = [
      await proxyBefore(url, '203.0.113.1'),
      await proxyBefore(url, '203.0.113.2'),
    ]
    expect(await guess(one, 5)).toEqual({ judged: 5, all: 5 })
    expect(await guess(other, 3)).toEqual({ judged: 0, all: 3 })
  })

  it('a signed call of the very source that guesses goes through, to the byte', async () => {
    const { url, db } = await gateway.start({ nowMs: () => 0, trustedProxies: ['127.0.0.0/8'] })
    const proxy = await proxyBefore(url)
    const hooked = await hookedConnection(db)
    await guess(proxy, 8)
    // Created after the gateway's start: the guesses have made the gateway read the list.
    expect((await postAsDataverse(proxy, hooked)).status).toBe(202)
    expect((await postAsEmarketeer(proxy, hooked)).status).toBe(202)
    expect(await inboxOf(db, hooked)).toHaveLength(2)
  })
})
