import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals'
import type { CrmFacts } from '../../../../src/crm/crm.js'
import type { ContractStand } from '../contract-stand.js'
import { lookAtAll, setUp, undoAll } from '../run-steps.js'

/** The most requests for a delta when nothing happened. */
const IDLE_REQUESTS = 4

/** Set-up's steps, on an untouched installation of its own. */
export function settingUp(start: () => Promise<ContractStand>): void {
  let stand: ContractStand
  let facts: CrmFacts = {}
  beforeAll(async () => {
    stand = await start()
  }, 480_000)
  afterAll(() => stand.close())

  describe('set-up', () => {
    it('has steps with ids of their own, titles and weights', () => {
      const ids = stand.driver.setupSteps.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
      expect(stand.driver.setupSteps.every(({ title, weight }) => title !== '' && weight > 0)).toBe(
        true,
      )
    })

    it('can be looked at before anything is done, and looking changes nothing', async () => {
      const before = await stand.shape()
      const seen = await lookAtAll(stand, {})
      expect(seen).toHaveLength(stand.driver.setupSteps.length)
      expect(seen.some((one) => one.endsWith(' due'))).toBe(true)
      expect(await stand.shape()).toEqual(before)
    })

    it('does what is missing, after which nothing is', async () => {
      facts = await setUp(stand)
      const seen = await lookAtAll(stand, facts)
      expect(seen.filter((one) => !/ (done|skipped)$/.test(one))).toEqual([])
      expect(JSON.parse(JSON.stringify(facts))).toEqual(facts)
    })

    it('again does nothing, and from lost facts finds what it made', async () => {
      const before = await stand.shape()
      expect(Object.keys(await setUp(stand, facts)).sort()).toEqual(Object.keys(facts).sort())
      expect(await stand.shape()).toEqual(before)
      facts = await setUp(stand)
      expect(await stand.shape()).toEqual(before)
    })

    it('leaves few requests for a delta in which nothing happened', async () => {
      const crm = stand.open(facts)
      const changesSince = async (cursor: string | null) => {
        let next: string | null = null
        for await (const { nextCursor } of crm.readChanges(cursor, {})) {
          next = nextCursor
        }
        return next
      }
      await stand.add([
        { emails: ['idle1@contract.example'] },
        { emails: ['idle2@contract.example'] },
      ])
      const cursor = await changesSince(null)
      // After this time the delta does not repeat late writes any more.
      const now = Date.now
      const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() + 600_000)
      try {
        const settled = await changesSince(cursor)
        const before = await stand.requests()
        await changesSince(settled)
        expect((await stand.requests()) - before).toBeLessThanOrEqual(IDLE_REQUESTS)
      } finally {
        clock.mockRestore()
      }
    })

    it('is taken back, twice without harm, and done again', async () => {
      const before = await stand.shape()
      const forgotten = await undoAll(stand, facts)
      const bare = await stand.shape()
      expect(await undoAll(stand, forgotten)).toEqual(forgotten)
      expect(await stand.shape()).toEqual(bare)
      facts = await setUp(stand, forgotten)
      expect(await stand.shape()).toEqual(before)
    })
  })
}
