import { describe, expect, it, jest } from '@jest/globals'
import type { EmarketeerClient } from '../../src/emarketeer/index.js'
import type { SyncSession } from '../../src/connection/session.js'
import { tendEmarketeerWebhook } from '../../src/connection/tend-emarketeer-webhook.js'

const URL = 'https://sync.example.com/hooks/em/ref'
const REGISTERED = {
  publicUrl: 'https://sync.example.com',
  webhookRef: 'ref',
  installed: true,
  reason: null,
}

function standing(
  known: { url: string; status: 'active' | 'disabled' } | null,
  registeredWebhooks: typeof REGISTERED | null = REGISTERED,
) {
  const put = jest.fn<EmarketeerClient['putWebhook']>()
  put.mockResolvedValue({ secret: 'whsec_new' } as never)
  const warn = jest.fn()
  const session = {
    connection: { connectionId: 'acme', registeredWebhooks },
    db: { query: async () => [{ webhookRef: 'former', acceptedUntil: null }] },
    emarketeer: { getWebhook: async () => known, putWebhook: put },
    call: {},
    log: { warn },
  } as unknown as SyncSession
  const kept: string[] = []
  return {
    put,
    warn,
    kept,
    tend: () => tendEmarketeerWebhook(session, async (secret) => void kept.push(secret)),
  }
}

describe("looking after eMarketeer's webhook", () => {
  it.each([
    ['was switched off', { url: URL, status: 'disabled' as const }],
    ['is gone', null],
    [
      'is at a former address of ours',
      { url: 'https://sync.example.com/hooks/em/former', status: 'active' as const },
    ],
  ])('registers it again where it %s, and keeps what it signs with', async (_name, known) => {
    const { tend, put, kept, warn } = standing(known)
    await tend()
    expect(put).toHaveBeenCalledWith(expect.objectContaining({ url: URL }), expect.anything())
    expect(kept).toEqual(['whsec_new'])
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('keeps what it signs with where it is well: what is stored may be what it signed with before', async () => {
    const { tend, kept, warn } = standing({ url: URL, status: 'active' })
    await tend()
    expect(kept).toEqual(['whsec_new'])
    expect(warn).not.toHaveBeenCalled()
  })

  it.each([
    [
      "is somebody else's",
      { url: 'https://other.example.com/x', status: 'disabled' as const },
      REGISTERED,
    ],
    ['was never registered by set-up', null, null],
  ])('leaves it alone where it %s', async (_name, known, facts) => {
    const { tend, put, warn } = standing(known, facts)
    await tend()
    expect(put).not.toHaveBeenCalled()
    expect(warn).not.toHaveBeenCalled()
  })
})
