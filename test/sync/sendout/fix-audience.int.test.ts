import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import type { AudiencePage } from '../../../src/emarketeer/index.js'
import { findSendoutRun, openSendoutRun } from '../../../src/ledger/sendout/sendouts.js'
import { fixAudience } from '../../../src/sync/sendout/fix-audience.js'
import type { SyncSession } from '../../../src/connection/session.js'
import { CONNECTION_ID } from '../support/open-systems.js'
import { ACCOUNT_ID } from '../support/stand-ins.js'
import { withWorld } from '../support/world.js'

const world = withWorld()

const PER_PAGE = 3

/** A page of people who have no contact elsewhere, in the form of `GET /audiences/{id}/contacts`. */
function pageFrom(cursor: string | null, last: number): AudiencePage {
  const page = Number(cursor ?? 1)
  const items = Array.from({ length: PER_PAGE }, (_, index) => {
    const contactId = `${String(page)}-${String(index)}`
    return { contactId, email: `${contactId}@example.com`, mobile: null }
  })
  const total = last * PER_PAGE
  return { status: 'page', items, nextCursor: page === last ? null : String(page + 1), total }
}

/**
 * Fixes an audience of some pages, and notes when a page is requested and how many are stored.
 * @param answer eMarketeer's answer instead of a page. @param beat called with each heartbeat.
 */
async function fixPages(
  answer: (page: number) => AudiencePage | null = () => null,
  beat: () => void = () => undefined,
  pages = 3,
) {
  const seen: string[] = []
  const session = await world.now.session('preSend')
  const sendoutRunId = session.run.runId
  const sendoutId = `s-${randomUUID()}`
  await openRun(sendoutId, sendoutRunId)
  const observed: SyncSession = {
    ...session,
    heartbeat: ({ done }) => {
      seen.push(`stored ${String(done / PER_PAGE)}`)
      beat()
    },
    emarketeer: {
      ...session.emarketeer,
      createAudience: () =>
        Promise.resolve({
          audienceId: 'aud_1',
          channel: 'email',
          categoryId: null,
          transactional: false,
        } as Awaited<ReturnType<SyncSession['emarketeer']['createAudience']>>),
      audienceContacts: async (_id, { cursor }) => {
        const page = Number(cursor ?? 1)
        seen.push(`asked ${String(page)}`)
        await new Promise(setImmediate)
        return answer(page) ?? pageFrom(cursor ?? null, pages)
      },
    },
  }
  const run = (await findSendoutRun(world.now.db, sendoutRunId))!
  const fixed = fixAudience(observed, run, {
    connectionId: CONNECTION_ID,
    sendoutId,
    stage: 'send',
    campaignId: 'k1',
    componentId: 'm1',
  })
  const members = () =>
    world.now.db.query<{ position: number; contactId: string; addressId: number | null }>(
      `SELECT position, contact_id AS "contactId", address_id AS "addressId" FROM sendout_members
        WHERE sendout_run_id = $1 ORDER BY position`,
      [sendoutRunId],
    )
  return { fixed, seen, members }
}

function openRun(sendoutId: string, sendoutRunId: string): Promise<unknown> {
  return world.now.db.transaction((tx) =>
    openSendoutRun(tx, {
      sendoutRunId,
      sendoutId,
      stage: 'send',
      accountId: ACCOUNT_ID,
      connectionId: CONNECTION_ID,
      crm: 'dynamics',
      workflowId: `presend:${sendoutId}`,
      deadlineMs: Date.now() + 600_000,
    }),
  )
}

describe('fixing the audience of a campaign', () => {
  it('stores two pages while it asks for a third', async () => {
    const { fixed, seen, members } = await fixPages()
    expect(await fixed).toEqual({ targeted: 9, channel: 'email' })
    expect(seen).toEqual(['asked 1', 'asked 2', 'asked 3', 'stored 1', 'stored 2', 'stored 3'])
    const stored = await members()
    expect(stored.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(stored.map(({ contactId }) => contactId).slice(2, 5)).toEqual(['1-2', '2-0', '2-1'])
    expect(stored.every(({ addressId }) => addressId !== null)).toBe(true)
  })

  it('fails if the audience expires meanwhile, after the pages before are stored', async () => {
    const { fixed, members } = await fixPages((page) =>
      page === 2 ? { status: 'audienceExpired' } : null,
    )
    await expect(fixed).rejects.toMatchObject({ code: 'emarketeer_refused' })
    expect(await members()).toHaveLength(PER_PAGE)
  })

  it('asks for no further page once it is cancelled', async () => {
    const cancelled = new Error('cancelled')
    const { fixed, seen } = await fixPages(
      undefined,
      () => {
        throw cancelled
      },
      5,
    )
    await expect(fixed).rejects.toBe(cancelled)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(seen.slice(0, 4)).toEqual(['asked 1', 'asked 2', 'asked 3', 'stored 1'])
    expect(seen).not.toContain('asked 4')
  })
})
