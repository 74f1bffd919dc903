import { describe, expect, it, jest } from '@jest/globals'
import type { SyncSession } from '../../src/connection/session.js'
import { tendWebhooks } from '../../src/connection/tend-emarketeer-webhook.js'

function sessionWith(tend: (() => Promise<{ reactivated: boolean }>) | undefined) {
  const warn = jest.fn()
  const session = {
    connection: { connectionId: 'nord-so' },
    crm: { client: { tendWebhooks: tend } },
    call: {},
    log: { warn },
  } as unknown as SyncSession
  return { session, warn }
}

describe('looking after webhooks', () => {
  it('reports when they had been switched off', async () => {
    const { session, warn } = sessionWith(async () => ({ reactivated: true }))
    await tendWebhooks(session)
    expect(warn).toHaveBeenCalledWith(
      { connectionId: 'nord-so' },
      expect.stringContaining('on again'),
    )
  })

  it.each([
    ['they are well', async () => ({ reactivated: false })],
    ['the CRM has none to look after', undefined],
  ])('is silent where %s', async (_name, tend) => {
    const { session, warn } = sessionWith(tend)
    await tendWebhooks(session)
    expect(warn).not.toHaveBeenCalled()
  })
})
