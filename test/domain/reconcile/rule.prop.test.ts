import { describe, it } from '@jest/globals'
import fc from 'fast-check'
import {
  decideRich,
  decideToggle,
  EMPTY_MEMORY,
  planRich,
  planToggle,
  type CellMemory,
  type Decision,
  type EmarketeerReading,
  type Observation,
  type RecordReading,
  type ToggleValue,
} from '../../../src/domain/reconcile/index.js'
import {
  isPositive,
  LEGAL_BASES,
  POSITIVE_BASES,
  type LegalBasis,
} from '../../../src/domain/legal-basis.js'
import {
  meaningOf,
  NOTHING_MAPPED,
  tenantBasis,
  type RichValue,
} from '../../../src/domain/tenant-basis.js'
import { check, expect } from './check.js'

type Value = ToggleValue | RichValue

const basis = fc.constantFrom<LegalBasis>(...LEGAL_BASES)
const version = fc.integer({ min: 0, max: 4 })
const time = fc.option(fc.integer({ min: 0, max: 20 }).map((s) => s * 1_000))
const stamp = fc.option(
  fc.record({
    atMs: fc.integer({ min: 0, max: 20 }).map((s) => s * 1_000),
    epsMs: fc.constant(2_000),
  }),
)

function cell<V extends Value>(value: fc.Arbitrary<V>) {
  const record = (recordId: string): fc.Arbitrary<RecordReading<V>> =>
    fc.record({
      recordId: fc.constant(recordId),
      value,
      version: version.map(String),
      lastWriter: fc.constantFrom('us', 'user', 'default', 'unknown'),
      stamp,
      carriedDeny: fc.nat(9).map((n) => n === 0),
    })
  const seenRecord = (recordId: string) =>
    fc.record({
      recordId: fc.constant(recordId),
      value,
      version: fc.option(version.map(String)),
      want: fc.option(value),
    })
  const emarketeer: fc.Arbitrary<EmarketeerReading> = fc.record({
    basis,
    version,
    lastPositiveActMs: time,
    lastDenyActMs: time,
  })
  const ids = fc.subarray(['a', 'b', 'c'], { minLength: 1 })
  const observation: fc.Arbitrary<Observation<V>> = ids.chain((live) =>
    fc.record({
      emarketeer,
      records: fc.tuple(...live.map(record)),
      epoch: fc.constant(1),
      firstVersion: fc.constant(1),
    }),
  )
  const seen = ids.chain((live) =>
    fc.record({
      basis,
      version,
      records: fc.tuple(...live.map(seenRecord)),
      epoch: fc.constantFrom(1, 1, 1, 0),
    }),
  )
  const memory: fc.Arbitrary<CellMemory<V>> = fc.record({
    seen: fc.option(seen),
    openAllow: fc.dictionary(fc.constantFrom('a', 'b'), version.map(String), { maxKeys: 1 }),
    openLoosen: fc.option(version),
    departed: fc.constant([]),
  })
  return fc.tuple(observation, memory)
}

const toggles = cell(fc.constantFrom<ToggleValue>('allow', 'deny'))
const own = tenantBasis('OWN')
const mapping = fc.option(
  fc.constantFrom(...POSITIVE_BASES).map((to) => new Map([['OWN', to]])),
  { nil: NOTHING_MAPPED },
)
const riches = fc
  .tuple(
    cell<RichValue>(
      fc.oneof({ weight: 3, arbitrary: basis }, { weight: 1, arbitrary: fc.constant(own) }),
    ),
    mapping,
    fc.boolean(),
    fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  )
  .map(
    ([[observation, memory], basisMapping, countsWrites, inserted]): [
      Observation<RichValue>,
      CellMemory<RichValue>,
    ] => {
      const records = observation.records.map((record, index) => ({
        ...record,
        onlyInserted: inserted[index] === true,
      }))
      return [{ ...observation, records, basisMapping, countsWrites }, memory]
    },
  )

/** Whether nobody may be mailed on the decision. */
function denies<V extends Value>({ emarketeerTarget, recordTargets }: Decision<V>): boolean {
  return (
    !isPositive(emarketeerTarget) ||
    recordTargets.some(({ target }) => target === 'deny' || target === 'withdrawn')
  )
}

describe('every plan', () => {
  function holds<V extends Value>(
    observation: Observation<V>,
    memory: CellMemory<V>,
    decide: (o: Observation<V>, m: CellMemory<V>) => Decision<V>,
    plan: typeof planToggle | typeof planRich,
  ): void {
    const decision = decide(observation, memory)
    const { writes, memory: stored } = plan(
      observation as never,
      memory as never,
      decision as never,
    )
    const loosening = writes.map((write) => write.loosens)
    // I9: no tightening write follows a loosening one.
    expect(loosening).toEqual(loosening.toSorted((a, b) => Number(a) - Number(b)))
    for (const write of writes) {
      const record =
        write.side === 'crm' ? observation.records.find((r) => r.recordId === write.recordId) : null
      const now = record ? record.value : observation.emarketeer.basis
      // I6: never an equal value, nor one with the same meaning. A value is never removed.
      expect(write.value).not.toBe(now)
      expect(write.value).not.toBe(
        meaningOf(now as RichValue, observation.basisMapping ?? NOTHING_MAPPED),
      )
      expect(write.value).not.toBe('none')
      // C2: a tenant's own basis is never written.
      expect(write.value).not.toBe(own)
      // I2: over a deny only a provably later value.
      if (write.loosens && (now === 'deny' || now === 'withdrawn')) {
        expect(decision.inputs.proof).not.toBe('none')
        expect(
          observation.records.some((r) => r.carriedDeny) ||
            (decision.inputs.inheritedDeny && decision.inputs.recordSetChanged),
        ).toBe(false)
      }
      // A sent write is guarded by the value that was stored with it.
      if (write.loosens && write.side === 'emarketeer') {
        expect(stored.openLoosen).toBe(write.expectedVersion)
      }
      if (write.value === 'allow' && write.side === 'crm') {
        expect(stored.openAllow[write.recordId]).toBe(write.expectedVersion)
      }
    }
  }

  it('of a toggle tightens first, is guarded, writes no equal value, loosens only on proof', () => {
    check(fc.property(toggles, ([o, m]) => holds(o, m, decideToggle, planToggle)))
  })

  it('of a rich CRM does so too', () => {
    check(fc.property(riches, ([o, m]) => holds(o, m, decideRich, planRich)))
  })
})

describe("a basis of the tenant's own (C2)", () => {
  const unmapped = riches.map(([o, m]) => [{ ...o, basisMapping: NOTHING_MAPPED }, m] as const)

  it('that no file maps is written over by nothing but a withdrawal, and never reaches eMarketeer', () => {
    check(
      fc.property(unmapped, ([observation, memory]) => {
        const decision = decideRich(observation, memory)
        const { emarketeer, records } = observation
        for (const { recordId, target } of decision.recordTargets) {
          const { value } = records.find((record) => record.recordId === recordId)!
          expect(value !== own || target === own || target === 'withdrawn').toBe(true)
        }
        if (records[0]?.value === own) {
          // It is not a deny either: only eMarketeer's, a carried or inherited one, or doubt withdraws.
          expect([emarketeer.basis, 'withdrawn'].includes(decision.emarketeerTarget)).toBe(true)
          const asNothing = {
            ...observation,
            records: [{ ...records[0], value: 'none' as const }, ...records.slice(1)],
          }
          const denied =
            emarketeer.basis === 'withdrawn' ||
            decision.line === 'R0' ||
            decision.inputs.inheritedDeny ||
            records[0].carriedDeny
          expect(decision.emarketeerTarget === 'withdrawn').toBe(denied)
          expect(denied || decideRich(asNothing, EMPTY_MEMORY).emarketeerTarget).not.toBe(
            'withdrawn',
          )
        }
      }),
    )
  })

  it('that the file maps is decided as the basis that it stands for', () => {
    check(
      fc.property(riches, ([observation, memory]) => {
        const to = observation.basisMapping?.get('OWN')
        fc.pre(to !== undefined)
        // As if every reading and every stored one contained the basis itself; a row that changed from one to the other
        // moved.
        const spelt = <T extends RichValue | null>(value: T) => (value === own ? to : value)
        const { records } = observation
        const seen = memory.seen && {
          ...memory.seen,
          records: memory.seen.records.map((r) => ({
            ...r,
            value: spelt(r.value),
            want: spelt(r.want),
          })),
        }
        const before = (id: string) => memory.seen?.records.find((r) => r.recordId === id)
        fc.pre(
          records.every((r) => {
            const was = before(r.recordId)
            return (
              was === undefined || (r.value === was.value) === (spelt(r.value) === spelt(was.value))
            )
          }),
        )
        fc.pre(
          records.every((r) => before(r.recordId)?.want !== own && before(r.recordId)?.want !== to),
        )
        const plain = {
          ...observation,
          records: records.map((r) => ({ ...r, value: spelt(r.value) })),
        }
        const mapped = decideRich(observation, memory)
        const stated = decideRich(plain, { ...memory, seen })
        expect(mapped.line).toBe(stated.line)
        expect(mapped.emarketeerTarget).toBe(stated.emarketeerTarget)
        expect(mapped.recordTargets.map(({ target }) => spelt(target))).toEqual(
          stated.recordTargets.map(({ target }) => target),
        )
      }),
    )
  })
})

describe('lens laws (I11)', () => {
  it('writing back what was read changes nothing: a nuanced basis stays what it is', () => {
    check(
      fc.property(toggles, ([observation]) => {
        const { emarketeer, records } = observation
        const positive = isPositive(emarketeer.basis)
        if (!positive && emarketeer.basis !== 'withdrawn') {
          return
        }
        const value: ToggleValue = positive ? 'allow' : 'deny'
        const mirrored = {
          ...observation,
          records: records.map((r) => ({ ...r, value, carriedDeny: false })),
        }
        const decision = decideToggle(mirrored, EMPTY_MEMORY)
        const { writes, memory } = planToggle(mirrored, EMPTY_MEMORY, decision)
        expect(writes).toEqual([])
        expect(planToggle(mirrored, memory, decideToggle(mirrored, memory)).writes).toEqual([])
      }),
    )
  })

  it('a rich CRM holds the very basis that eMarketeer holds, and then nothing is written', () => {
    check(
      fc.property(riches, ([observation]) => {
        const { emarketeer, records } = observation
        const same = records.map((r) => ({ ...r, value: emarketeer.basis, carriedDeny: false }))
        const mirrored = { ...observation, records: same }
        expect(planRich(mirrored, EMPTY_MEMORY, decideRich(mirrored, EMPTY_MEMORY)).writes).toEqual(
          [],
        )
      }),
    )
  })
})

describe('knowing less can only turn an allow into a deny (I12)', () => {
  type Obs<V> = Observation<V>
  const withoutStamps = <V>(o: Obs<V>): Obs<V> => ({
    ...o,
    records: o.records.map((r) => ({ ...r, stamp: null })),
  })
  const withoutTimes = <V>(o: Obs<V>): Obs<V> => ({
    ...o,
    emarketeer: { ...o.emarketeer, lastPositiveActMs: null, lastDenyActMs: null },
  })
  const withoutWriters = <V>(o: Obs<V>): Obs<V> => ({
    ...o,
    records: o.records.map((r) => ({ ...r, stamp: null, lastWriter: 'unknown' as const })),
  })

  it('about a toggle: no stamps, no times, no present epoch', () => {
    check(
      fc.property(toggles, ([o, m]) => {
        // A value that was never set has no times; one version has one value.
        const { version, lastPositiveActMs, lastDenyActMs } = o.emarketeer
        fc.pre(version > 0 || (lastPositiveActMs === null && lastDenyActMs === null))
        const seen = (id: string) => m.seen?.records.find((r) => r.recordId === id)
        fc.pre(
          o.records.every((r) => {
            const before = seen(r.recordId)
            return before?.version !== r.version || before.value === r.value
          }),
        )
        if (!denies(decideToggle(o, m))) {
          return
        }
        expect(denies(decideToggle(withoutStamps(o), m))).toBe(true)
        expect(denies(decideToggle(withoutTimes(o), m))).toBe(true)
        const old = m.seen && { ...m.seen, epoch: -1 }
        expect(denies(decideToggle(o, { ...m, seen: old }))).toBe(true)
      }),
    )
  })

  it('about a rich CRM: no stamps, no times, no writers, no mapping, not how it counts', () => {
    check(
      fc.property(riches, ([o, m]) => {
        if (!denies(decideRich(o, m))) {
          return
        }
        expect(denies(decideRich(withoutStamps(o), m))).toBe(true)
        expect(denies(decideRich({ ...o, countsWrites: false }, m))).toBe(true)
        expect(denies(decideRich(withoutTimes(o), m))).toBe(true)
        expect(denies(decideRich(withoutWriters(o), m))).toBe(true)
        expect(denies(decideRich({ ...o, basisMapping: NOTHING_MAPPED }, m))).toBe(true)
      }),
    )
  })
})

describe('a subscription', () => {
  it('that nobody ever set is never the later side', () => {
    check(
      fc.property(toggles, ([o, m]) => {
        const unset = {
          ...o,
          emarketeer: { ...o.emarketeer, basis: 'consent' as const, version: 0 },
        }
        expect(decideToggle(unset, m).inputs.laterEmarketeer).toBe(false)
      }),
    )
  })
})
