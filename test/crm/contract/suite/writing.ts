import { describe, expect, it } from '@jest/globals'
import type { CrmWriteOutcome } from '../../../../src/crm/crm.js'
import { isNextVersion } from '../../../../src/domain/reconcile/index.js'
import { valuesOf, type SetUpStand } from '../contract-stand.js'
import { denial, marketingOf, somebody, writeOf } from './people.js'

/** Writing consents. */
export function writing(given: () => SetUpStand): void {
  const statuses = (outcomes: readonly CrmWriteOutcome[]) => outcomes.map(({ status }) => status)

  describe('a write', () => {
    it('is applied, and returns the version that a reading gives', async () => {
      const set = given()
      const write = await denial(set)
      const [outcome] = await set.crm.write([write], {})
      const now = await marketingOf(set, write.contactId)
      expect(now.value).toBe(write.value)
      expect(await set.stand.truth(write.contactId)).toBe(write.value)
      expect(outcome).toMatchObject({ status: 'applied', version: now.version })
      expect(now.version).not.toBe(write.expectedVersion)
      const readBack = outcome?.status === 'applied' ? outcome.readBack : undefined
      expect(readBack).toEqual(set.stand.driver.capabilities.values === 'toggle' ? undefined : now)
    })

    it('sets every value of this kind of CRM, and nothing that is no act', async () => {
      const set = given()
      const { deny, allow } = valuesOf(set.stand)
      const rich = set.stand.driver.capabilities.values === 'rich'
      const values = rich
        ? (['legitimateInterest', 'contract', allow, deny] as const)
        : [deny, allow]
      const id = await somebody(set)
      for (const value of values) {
        const write = await writeOf(set, id, value)
        expect(statuses(await set.crm.write([write], {}))).toEqual(['applied'])
        expect(await set.stand.truth(id)).toBe(value)
      }
      const before = await set.stand.truth(id)
      const foreign = await Promise.all(
        (['none', rich ? 'deny' : 'withdrawn'] as const).map((value) => writeOf(set, id, value)),
      )
      expect(statuses(await set.crm.write(foreign, {}))).toEqual(['refused', 'refused'])
      expect(await set.stand.truth(id)).toBe(before)
    })

    it('of what stands there already moves nothing where it could look like an act', async () => {
      const set = given()
      const id = await somebody(set, { value: valuesOf(set.stand).deny })
      const before = await marketingOf(set, id)
      const outcomes = await set.crm.write([await writeOf(set, id)], {})
      expect(statuses(outcomes)).toEqual(['applied'])
      const after = await marketingOf(set, id)
      expect(after.value).toBe(before.value)
      if (set.stand.driver.capabilities.values === 'rich') {
        expect(after).toEqual(before)
      }
    })

    it('on a row that moved overwrites nothing, or is noticed', async () => {
      const set = given()
      const { allow, deny } = valuesOf(set.stand)
      const id = await somebody(set, { value: deny })
      const write = await writeOf(set, id, allow)
      await set.stand.userSets(id, allow)
      await set.stand.userSets(id, deny)
      const [outcome] = await set.crm.write([write], {})
      if (set.stand.driver.capabilities.refusesStaleWrites || outcome?.status === 'conflict') {
        expect(outcome).toEqual({ status: 'conflict' })
        expect(await set.stand.truth(id)).toBe(deny)
        return
      }
      const readBack = outcome?.status === 'applied' ? outcome.readBack : undefined
      expect(readBack).toBeDefined()
      expect(isNextVersion(readBack!, write.expectedVersion, null)).toBe(false)
    })

    it('to a record that is gone, or is refused, harms no other one of the batch', async () => {
      const set = given()
      const [first, gone, refused, last] = [
        await denial(set),
        await denial(set),
        await denial(set),
        await denial(set),
      ]
      await set.stand.remove(gone.contactId)
      await set.stand.faults.refuseWritesOf(refused.contactId)
      const outcomes = await set.crm.write([first, gone, refused, last], {})
      expect(statuses(outcomes)).toEqual([
        'applied',
        expect.stringMatching(/^(gone|conflict)$/),
        'refused',
        'applied',
      ])
      await set.stand.mend()
      expect(await set.stand.truth(refused.contactId)).toBe(valuesOf(set.stand).allow)
      expect(await set.stand.truth(last.contactId)).toBe(last.value)
    })

    it('has its outcome in its place, however many there are', async () => {
      const set = given()
      const { allow, deny } = valuesOf(set.stand)
      const values = Array.from({ length: 30 }, (_, at) => (at % 3 === 0 ? allow : deny))
      const ids = await set.stand.add(
        values.map((value, at) => ({
          emails: [`order${at}@contract.example`],
          value: value === allow ? deny : allow,
        })),
      )
      const { contacts } = await set.crm.read({ by: 'contactId', contactIds: ids }, {})
      const versions = new Map(
        contacts.map((one) => [one.contactId, one.consents.marketingSendouts!.version]),
      )
      const writes = ids.map((contactId, at) => ({
        kind: 'consent' as const,
        contactId,
        purpose: 'marketingSendouts' as const,
        value: values[at]!,
        expectedVersion: versions.get(contactId)!,
      }))
      const moved = ids[7]!
      await set.stand.userSets(moved, values[7]!)
      await set.stand.userTouches(moved)
      const outcomes = await set.crm.write(writes, {})
      const after = await set.crm.read({ by: 'contactId', contactIds: ids }, {})
      const now = new Map(
        after.contacts.map((one) => [one.contactId, one.consents.marketingSendouts!]),
      )
      outcomes.forEach((outcome, at) => {
        if (at !== 7) {
          expect(outcome).toMatchObject({ status: 'applied', version: now.get(ids[at]!)?.version })
        }
        expect(now.get(ids[at]!)?.value).toBe(values[at])
      })
    })

    it('of nothing asks nothing', async () => {
      const { crm, stand } = given()
      const before = await stand.requests()
      expect(await crm.write([], {})).toEqual([])
      expect(await stand.requests()).toBe(before)
    })
  })

  describe('a write without an answer', () => {
    it('that landed is reported as unknown or proven, and a reading shows it', async () => {
      const set = given()
      const write = await denial(set)
      await set.stand.faults.loseWriteAnswer(true)
      const [outcome] = await set.crm.write([write], {})
      await set.stand.mend()
      expect(['unknown', 'applied']).toContain(outcome?.status)
      const now = await marketingOf(set, write.contactId)
      expect(now.value).toBe(write.value)
      if (outcome?.status === 'applied') {
        expect(outcome.version).toBe(now.version)
      }
    })

    it('that did not land is never reported as applied', async () => {
      const set = given()
      const write = await denial(set)
      await set.stand.faults.loseWriteAnswer(false)
      const [outcome] = await set.crm.write([write], {})
      await set.stand.mend()
      expect(['unknown', 'notSent']).toContain(outcome?.status)
      expect((await marketingOf(set, write.contactId)).value).toBe(valuesOf(set.stand).allow)
    })
  })
}
