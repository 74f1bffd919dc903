import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmWrite } from '../../../src/crm/crm.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

const SIXTEEN = 16
let standIn: StandIn

afterEach(() => standIn.close())

interface Written {
  readonly via: string
  readonly personId: number
  readonly before: string | null
  readonly after: string
}

/** Sixteen people who consented, and the withdrawal of each. */
async function sixteenWithdrawals(): Promise<readonly CrmWrite[]> {
  const consents = {
    EMARKETING: { legalBase: '61A', updated: '2026-02-24T09:31:12Z', updatedCount: 3 },
  }
  const persons = Array.from({ length: SIXTEEN }, (_, n) => ({
    emails: [`p${n}@x.no`],
    registered: '2024-03-01T08:00:00Z',
    consents,
  }))
  return (await standIn.addPersons(...persons)).map((contactId) => ({
    kind: 'consent',
    contactId,
    purpose: 'marketingSendouts',
    value: 'withdrawn',
    expectedVersion: '3',
  }))
}

async function written(): Promise<readonly Written[]> {
  const all = await standIn.control.get<Written[]>('writes')
  return all.filter(({ via }) => via !== 'control')
}

describe('sixteen writes at a time', () => {
  it.each([
    ['whose ticket has expired', 'tickets/expire', 1, 0],
    ['whose tenant has moved', 'move', 0, 1],
  ] as const)(
    '%s land once each, and the trouble is met once',
    async (_, trouble, tickets, asked) => {
      standIn = await startStandIn({ switches: { storeDefault: false } })
      const crm = standIn.open()
      await crm.check({})
      const writes = await sixteenWithdrawals()
      await standIn.control.post('writes/reset')
      await standIn.control.post('requests/reset')
      await standIn.control.post(trouble)

      const calls = writes.map((write) => crm.write([write], {}))
      const outcomes = (await Promise.all(calls)).flat()

      expect(outcomes.map(({ status }) => status)).toEqual(writes.map(() => 'applied'))
      const landed = (await written()).map(({ personId, after }) => `${personId} ${after}`)
      expect(landed.sort()).toEqual(
        writes.map((write) => `${(write as { contactId: string }).contactId} WITHDRAWN`).sort(),
      )
      const operations = await standIn.requests()
      expect(operations['authenticate'] ?? 0).toBe(tickets)
      expect(operations['tenantStatus'] ?? 0).toBe(asked)
    },
  )

  it('of which all are refused, change nothing, and are not tried again', async () => {
    standIn = await startStandIn({ mode: 'onsite', switches: { storeDefault: false } })
    const crm = standIn.open()
    await crm.check({})
    const writes = await sixteenWithdrawals()
    await standIn.control.post('writes/reset')
    await standIn.control.post('requests/reset')
    await standIn.control.post('approval', { revoked: true })
    const ends = await Promise.allSettled(writes.map((write) => crm.write([write], {})))
    const codes = ends.map((end) => {
      const [outcome] = end.status === 'fulfilled' ? end.value : []
      const error: unknown =
        end.status === 'rejected'
          ? end.reason
          : outcome && 'error' in outcome
            ? outcome.error
            : null
      return (error as { code?: string } | null)?.code
    })
    expect(new Set(codes)).toEqual(new Set(['upstream_auth_failed']))
    expect(await written()).toEqual([])
    const { total } = await standIn.control.get<{ total: number }>('requests')
    expect(total).toBeLessThanOrEqual(SIXTEEN + 1)
  })
})
