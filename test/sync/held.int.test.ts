import { beforeAll, describe, expect, it } from '@jest/globals'
import { withWorld } from './support/world.js'

const LIMIT = 100
const world = withWorld({ newlyMailableLimit: LIMIT })

/** Many people whom Dynamics denies, set without events before anything is linked. */
async function crowd(prefix: string, count: number): Promise<string[]> {
  const emails = Array.from({ length: count }, (_, n) => `${prefix}${n}@example.com`)
  for (const email of emails) {
    await world.now.standIns.emarketeer.post('accounts/1001/contacts', { email })
    await world.now.standIns.emarketeer.post('accounts/1001/acts', {
      acts: [{ kind: 'unsubscribeAll', email }],
    })
  }
  await world.now.standIns.dynamics('POST', 'rows/contact/bulk', {
    rows: emails.map((email) => ({ lastname: 'C', emailaddress1: email, donotbulkemail: true })),
  })
  await world.now.sweep()
  return emails
}

async function allConsent(emails: readonly string[]): Promise<void> {
  await world.now.standIns.emarketeer.post('accounts/1001/acts', {
    acts: emails.map((email) => ({
      kind: 'consent',
      email,
      purpose: 'marketingSendouts',
      legalBasis: 'legitimateInterest',
    })),
  })
}

async function togglesOf(emails: readonly string[]): Promise<Record<string, number>> {
  const of = new Set(emails)
  const { rows } = await world.now.standIns.dynamics<{ rows: Record<string, unknown>[] }>(
    'GET',
    'rows/contact',
  )
  const mine = rows.filter((row) => of.has(String(row['emailaddress1'])))
  const denying = mine.filter((row) => row['donotbulkemail'] === true).length
  return { allow: mine.length - denying, deny: denying }
}

describe('a run that would make many people mailable (F4)', () => {
  let first: string[]
  let second: string[]

  beforeAll(async () => {
    first = await crowd('a', LIMIT + 1)
    second = await crowd('b', LIMIT + 1)
  })

  it('releases 100 together, by itself', async () => {
    const hundred = first.slice(0, LIMIT)
    await allConsent(hundred)
    const { held } = await world.now.sweep()
    expect(held).toBe(0)
    expect(await togglesOf(hundred)).toEqual({ allow: LIMIT, deny: 0 })
  })

  it('holds 101 until one approval, while opt-outs flow', async () => {
    await allConsent(second)
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.sweep()
    const { held } = await world.now.sweep()
    expect(await ann.state()).toMatchObject({ toggles: ['deny'] })
    expect(await togglesOf(second)).toEqual({ allow: 0, deny: LIMIT + 1 })
    expect(held).toBe(0)
    const states = await world.now.db.query<{ state: string; n: number }>(
      `SELECT state, count(*) AS n FROM loosenings GROUP BY state`,
    )
    expect(states).toEqual([{ state: 'held', n: LIMIT + 1 }])
  })

  it('lets one of those held opt out meanwhile, and writes the rest once approved', async () => {
    await world.now.standIns.emarketeer.post('accounts/1001/acts', {
      acts: [{ kind: 'unsubscribeAll', email: second[7] }],
    })
    expect(await world.now.decideHeld('approve')).toBe(LIMIT + 1)
    await world.now.sweep()
    expect(await togglesOf(second)).toEqual({ allow: LIMIT, deny: 1 })
    const [left] = await world.now.db.query<{ n: number }>(`SELECT count(*) AS n FROM loosenings`)
    expect(left).toEqual({ n: 0 })
  })

  it('keeps an approval, and the proof, when a failure keeps what was approved from being sent', async () => {
    await world.now.configure({ newlyMailableLimit: 0 })
    const ann = await world.now.linked()
    const bo = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await bo.consents('legitimateInterest')
    expect((await world.now.sweep()).held).toBe(1)
    await world.now.decideHeld('approve')
    await ann.unsubscribe()
    await world.now.dynamicsFault({
      method: 'POST',
      path: '\\$batch',
      bodyMatches: 'PATCH /api',
      status: 429,
      body: { error: {} },
      times: 1,
    })
    await expect(world.now.sweep()).rejects.toMatchObject({ code: 'upstream_rate_limited' })
    expect(await bo.state()).toMatchObject({ toggles: ['deny'], waiting: ['approved'] })
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ toggles: ['deny'] })
    expect(await bo.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
    await world.now.configure({ newlyMailableLimit: LIMIT })
  })

  it('brings both sides to the withdrawal when they are refused, until somebody acts again', async () => {
    await world.now.standIns.emarketeer.post('accounts/1001/acts', {
      acts: [...first, ...second].map((email) => ({ kind: 'unsubscribeAll', email })),
    })
    await world.now.sweep()
    await allConsent(second)
    expect((await world.now.sweep()).held).toBe(LIMIT + 1)
    expect(await world.now.decideHeld('reject')).toBe(LIMIT + 1)
    await world.now.sweep()
    expect(await togglesOf(second)).toEqual({ allow: 0, deny: LIMIT + 1 })
    const ann = await world.now.person({ email: second[0]!, basis: null, toggles: [] })
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('contract')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'contract', toggles: ['allow'] })
    const overrides = await world.now.db.query(
      `SELECT action, reason, by_whom AS by FROM overrides ORDER BY recorded_at`,
    )
    expect(overrides).toEqual([
      { action: 'approved', reason: 'a test', by: 'Kari' },
      { action: 'approved', reason: 'a test', by: 'Kari' },
      { action: 'rejected', reason: 'a test', by: 'Kari' },
    ])
  })
})
