import { describe, expect, it } from '@jest/globals'
import {
  countsAsBasis,
  decideRich,
  EMPTY_MEMORY,
  inDoubt,
  newlyMapped,
  planRich,
  takenAlong,
  type CellMemory,
  type Observation,
  type SeenRecord,
} from '../../../src/domain/reconcile/index.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import {
  NOTHING_MAPPED,
  tenantBasis,
  type BasisMapping,
  type RichValue,
} from '../../../src/domain/tenant-basis.js'
import { emarketeer, memoryOf, observe, record, seconds } from './builders.js'

type Obs = Observation<RichValue>
type Mem = CellMemory<RichValue>
const row = record<RichValue>

function verdict(obs: Obs, mem: Mem = EMPTY_MEMORY): readonly string[] {
  const { line, emarketeerTarget, recordTargets } = decideRich(obs, mem)
  return [line, emarketeerTarget, ...recordTargets.map(({ target }) => target)]
}

describe('R0, doubt', () => {
  const seen: SeenRecord<RichValue> = {
    recordId: 'r1',
    value: 'none',
    version: '4',
    want: 'consent',
  }

  it.each<[boolean, string, Parameters<typeof row>]>([
    [false, 'the row did not move', ['none', '4', { lastWriter: 'us' }]],
    [false, 'our write stands on the row that was read', ['consent', '5', { lastWriter: 'us' }]],
    [true, 'our write stands one version too high', ['consent', '6', { lastWriter: 'us' }]],
    [true, 'another value than the one under way is ours', ['contract', '5', { lastWriter: 'us' }]],
    [true, 'the writer cannot be read', ['contract', '5', { lastWriter: 'unknown' }]],
    [false, 'a person answered', ['withdrawn', '5', {}]],
    [true, 'a card was saved again over our write', ['consent', '6', {}]],
    [false, 'a person gave the same answer, one write later', ['consent', '5', {}]],
  ])('%s: %s', (doubt, _, reading) => {
    expect(inDoubt(row(...reading), seen)).toBe(doubt)
  })

  it.each([
    [1, '1', false],
    [1, '2', true],
    [0, '0', false],
    [0, '1', true],
    [null, '0', false],
    [null, '1', false],
    [null, '2', true],
  ])('an insert measured as %p shows version %s: doubt %p', (firstVersion, version, doubt) => {
    const absent = { ...seen, version: 'none' }
    expect(inDoubt(row('consent', version, { lastWriter: 'us' }), absent, { firstVersion })).toBe(
      doubt,
    )
  })

  it('is raised for our own row where our history is lost', () => {
    const ours = row('consent', '7', { lastWriter: 'us' })
    expect(inDoubt(ours, null)).toBe(false)
    expect(inDoubt({ ...ours, forgotten: true }, null)).toBe(true)
  })

  it('withdraws everywhere, asked of every row, and keeps the old observation until W/W is seen', () => {
    const mem = memoryOf(
      emarketeer('consent', 1),
      row('consent', '1'),
      row('consent', '4', { recordId: 'r2' }),
    )
    const twin = row('contract', '6', { recordId: 'r2', lastWriter: 'us' })
    const obs = observe(emarketeer('consent', 1), row('consent', '1'), twin)
    expect(verdict(obs, mem)).toEqual(['R0', 'withdrawn', 'withdrawn', 'withdrawn'])
    const kept = planRich(obs, mem, decideRich(obs, mem)).memory
    expect(kept.seen).toBe(mem.seen)
    const after = observe(
      emarketeer('withdrawn', 2),
      row('withdrawn', '2', { lastWriter: 'us' }),
      row('withdrawn', '7', { recordId: 'r2', lastWriter: 'us' }),
    )
    expect(planRich(after, kept, decideRich(after, kept)).memory.seen?.version).toBe(2)
  })
})

describe('R1 to R4', () => {
  it.each<[string, LegalBasis, LegalBasis, object, readonly string[]]>([
    ['equal', 'contract', 'contract', {}, ['R1', 'contract', 'contract']],
    ['nothing on either side', 'none', 'none', {}, ['R1', 'none', 'none']],
    ['a withdrawal crosses to nothing', 'withdrawn', 'none', {}, ['R2', 'withdrawn', 'withdrawn']],
    ['and back', 'none', 'withdrawn', { lastWriter: 'us' }, ['R2', 'withdrawn', 'withdrawn']],
    ['a basis crosses as itself', 'none', 'contract', {}, ['R2', 'contract', 'contract']],
    [
      'a basis crosses to the CRM',
      'legitimateInterest',
      'none',
      {},
      ['R2', 'legitimateInterest', 'legitimateInterest'],
    ],
    [
      'a default does not cross',
      'none',
      'legitimateInterest',
      { lastWriter: 'default' },
      ['R2', 'none', 'legitimateInterest'],
    ],
    ['our own does not cross', 'none', 'consent', { lastWriter: 'us' }, ['R2', 'none', 'consent']],
    ['unproven, withdrawn wins', 'withdrawn', 'consent', {}, ['R3', 'withdrawn', 'withdrawn']],
    [
      'unproven, a default loses',
      'consent',
      'legitimateInterest',
      { lastWriter: 'default' },
      ['R4', 'consent', 'consent'],
    ],
    [
      'unproven, consent loses',
      'consent',
      'legitimateInterest',
      {},
      ['R4', 'legitimateInterest', 'legitimateInterest'],
    ],
    [
      'unproven, neither is consent: eMarketeer',
      'contract',
      'legitimateInterest',
      {},
      ['R4', 'contract', 'contract'],
    ],
  ])('%s: %s and %s', (_, e, d, more, expected) => {
    const version = d === 'none' ? 'none' : '1'
    expect(verdict(observe(emarketeer(e, e === 'none' ? 0 : 1), row(d, version, more)))).toEqual(
      expected,
    )
  })

  describe('R2, a card that was saved over a basis of ours', () => {
    const saved = observe(emarketeer('none', 0), row('consent', '3'))
    const ours = { recordId: 'r1', value: 'consent', version: '2', want: null } as const
    const ledTo = (seen: SeenRecord<RichValue>) => [
      verdict(
        observe(
          emarketeer('none', 0),
          row('consent', '3', { leftWith: { seen, openAllow: null } }),
        ),
      ),
      verdict(saved, { ...EMPTY_MEMORY, seen: { ...held, records: [seen] } }),
    ]
    const held = memoryOf(emarketeer('none', 0), row('consent', '2')).seen!

    it('does not cross: nobody set it', () => {
      const stays = ['R2', 'none', 'consent']
      expect(ledTo(ours)).toEqual([stays, stays])
    })

    it('crosses if a user had set it, or sets another one', () => {
      const crosses = ['R2', 'consent', 'consent']
      expect(ledTo({ ...ours, setByUser: true })).toEqual([crosses, crosses])
      expect(ledTo({ ...ours, value: 'contract' })).toEqual([crosses, crosses])
    })

    it('is remembered as what it is, from pass to pass and to another address', () => {
      const next = (value: RichValue, version: string, lastWriter: 'us' | 'user', mem: Mem) => {
        const obs = observe(emarketeer('consent', 1), row(value, version, { lastWriter }))
        return planRich(obs, mem, decideRich(obs, mem)).memory
      }
      const written = next('consent', '2', 'us', EMPTY_MEMORY)
      const savedOnly = next('consent', '3', 'user', written)
      const set = next('consent', '3', 'user', next('contract', '2', 'us', EMPTY_MEMORY))
      const setAndSaved = next('consent', '4', 'user', set)
      expect(
        [written, savedOnly, set, setAndSaved].map(({ seen }) => seen!.records[0]!.setByUser),
      ).toEqual([undefined, undefined, true, true])
      const now = row('consent', '4')
      expect(takenAlong([now], savedOnly)?.seen.setByUser).toBeUndefined()
      expect(takenAlong([now], setAndSaved)?.seen.setByUser).toBe(true)
    })

    it('is taken along as set by a user only if no reading of it names another writer', () => {
      const by = (lastWriter: 'us' | 'user', version: string) =>
        row('consent', version, { lastWriter })
      const along = (...readings: readonly ReturnType<typeof by>[]) =>
        takenAlong(readings, EMPTY_MEMORY)?.seen.setByUser
      expect(along(by('user', '2'))).toBe(true)
      expect(along(by('us', '1'), by('user', '2'))).toBeUndefined()
      expect(along(row('contract', '1', { lastWriter: 'us' }), by('user', '2'))).toBe(true)
    })
  })

  const before = memoryOf(emarketeer('withdrawn', 1), row('withdrawn', '1'))

  it('R3 copies the later act as that same basis', () => {
    expect(verdict(observe(emarketeer('contract', 2), row('withdrawn', '1')), before)).toEqual([
      'R3',
      'contract',
      'contract',
    ])
    expect(verdict(observe(emarketeer('withdrawn', 1), row('contract', '2')), before)).toEqual([
      'R3',
      'contract',
      'contract',
    ])
  })

  it('R4 takes the later of two positives', () => {
    const agreed = memoryOf(emarketeer('contract', 1), row('contract', '1'))
    expect(verdict(observe(emarketeer('consent', 2), row('contract', '1')), agreed)[1]).toBe(
      'consent',
    )
    expect(verdict(observe(emarketeer('contract', 1), row('consent', '2')), agreed)[1]).toBe(
      'consent',
    )
  })

  it('does not take a card saved again, a default or another oldest person for an act', () => {
    const e = emarketeer('withdrawn', 1)
    const saved = memoryOf(e, row('contract', '1'))
    expect(verdict(observe(e, row('contract', '2')), saved)[1]).toBe('withdrawn')
    expect(verdict(observe(e, row('contract', '2', { lastWriter: 'default' })), before)[1]).toBe(
      'withdrawn',
    )
    const younger = row('contract', '2', { recordId: 'r2' })
    expect(verdict(observe(e, younger), before)[1]).toBe('withdrawn')
  })
})

describe('stamps, where both moved', () => {
  const stamp = (s: number) => ({ stamp: { atMs: seconds(s), epsMs: seconds(2) } })
  const agreed = memoryOf(emarketeer('contract', 1), row('contract', '4'))
  const absent = memoryOf(emarketeer('none', 0), row('none', 'none'))
  const withdrawn = emarketeer('withdrawn', 2, { lastDenyActMs: seconds(10) })
  const counted = (...records: Obs['records']): Obs => ({
    ...observe(withdrawn, ...records),
    countsWrites: true,
  })
  const inserted = { onlyInserted: true, ...stamp(13) }

  it.each<[string, Obs, Mem, LegalBasis]>([
    ['once, later beyond eps', counted(row('consent', '5', stamp(13))), agreed, 'consent'],
    ['within eps', counted(row('consent', '5', stamp(12))), agreed, 'withdrawn'],
    ['twice', counted(row('consent', '6', stamp(13))), agreed, 'withdrawn'],
    ['once, the old value', counted(row('contract', '5', stamp(13))), agreed, 'withdrawn'],
    [
      'once, at a version that was not read back',
      counted(row('consent', '5', stamp(13))),
      {
        ...agreed,
        seen: { ...agreed.seen!, records: [{ ...agreed.seen!.records[0]!, version: null }] },
      },
      'withdrawn',
    ],
    [
      'once, by nobody who can be read',
      counted(row('consent', '5', { lastWriter: 'default', ...stamp(13) })),
      agreed,
      'withdrawn',
    ],
    ['a first link', counted(row('consent', '5', stamp(13))), EMPTY_MEMORY, 'withdrawn'],
    [
      'seen before the ledger was restored',
      counted(row('consent', '5', stamp(13))),
      { ...agreed, seen: { ...agreed.seen!, epoch: 0 } },
      'withdrawn',
    ],
    ['only inserted', counted(row('consent', '1', inserted)), absent, 'consent'],
    [
      'inserted and updated since',
      counted(row('consent', '1', { ...inserted, onlyInserted: false })),
      absent,
      'withdrawn',
    ],
    ['perhaps updated since', counted(row('consent', '1', stamp(13))), absent, 'withdrawn'],
    [
      'where it is not known that each write counts',
      observe(withdrawn, row('consent', '5', stamp(13))),
      agreed,
      'withdrawn',
    ],
  ])('a CRM user’s act: %s', (_, obs, mem, expected) => {
    expect(verdict(obs, mem)[1]).toBe(expected)
  })

  it.each<[string, number, Mem, LegalBasis]>([
    ['earlier beyond eps', 7, agreed, 'consent'],
    ['within eps', 8, agreed, 'withdrawn'],
    ['at a first link', 7, EMPTY_MEMORY, 'consent'],
  ])('eMarketeer’s act: %s, however often the row was written', (_, s, mem, expected) => {
    const e = emarketeer('consent', 2, { lastPositiveActMs: seconds(10) })
    expect(verdict(observe(e, row('withdrawn', '9', stamp(s))), mem)[1]).toBe(expected)
  })
})

describe('an insert', () => {
  const absent: SeenRecord<LegalBasis> = {
    recordId: 'r1',
    value: 'none',
    version: 'none',
    want: 'consent',
  }
  const doubts = (more: Parameters<typeof row>[2]) => inDoubt(row('consent', '1', more), absent)

  it('that somebody has updated since may hide an answer, also where its version fits', () => {
    expect(doubts({ lastWriter: 'us', onlyInserted: true })).toBe(false)
    expect(doubts({ lastWriter: 'us', onlyInserted: false })).toBe(true)
    expect(doubts({ lastWriter: 'user', onlyInserted: true })).toBe(false)
    expect(doubts({ lastWriter: 'user', onlyInserted: false })).toBe(true)
  })
})

describe("R5, a basis of the tenant's own (C2)", () => {
  const own = tenantBasis('CUSTAGR')
  const mapped: BasisMapping = new Map([['CUSTAGR', 'contract']])
  const at = (
    e: LegalBasis,
    mapping: BasisMapping,
    ...rows: readonly ReturnType<typeof row>[]
  ) => ({
    ...observe(emarketeer(e, e === 'none' ? 0 : 1), ...rows),
    basisMapping: mapping,
  })

  it.each<[LegalBasis, string, readonly string[]]>([
    ['none', 'nothing crosses', ['R5', 'none', own]],
    ['consent', 'nothing crosses, unlike where nothing is recorded', ['R5', 'consent', own]],
    ['contract', 'nothing crosses', ['R5', 'contract', own]],
    ['withdrawn', 'a withdrawal is written over it', ['R5', 'withdrawn', 'withdrawn']],
  ])('unmapped beside %s: %s', (e, _, expected) => {
    expect(verdict(at(e, NOTHING_MAPPED, row(own, '1')))).toEqual(expected)
  })

  it.each<[LegalBasis, object, readonly string[]]>([
    ['none', {}, ['R2', 'contract', own]],
    ['none', { lastWriter: 'default' }, ['R2', 'none', own]],
    ['contract', {}, ['R1', 'contract', own]],
    ['consent', {}, ['R4', 'contract', own]],
    ['legitimateInterest', {}, ['R4', 'legitimateInterest', 'legitimateInterest']],
    ['withdrawn', {}, ['R3', 'withdrawn', 'withdrawn']],
  ])('mapped beside %s, %j: as the basis that it stands for', (e, more, expected) => {
    expect(verdict(at(e, mapped, row(own, '1', more)))).toEqual(expected)
  })

  it('is not taken over for a later act, even if it is one: a withdrawal stays until a basis comes', () => {
    const e = emarketeer('withdrawn', 1)
    const before = memoryOf(e, row('withdrawn', '1'))
    const later = at('withdrawn', NOTHING_MAPPED, row(own, '2'))
    expect(verdict(later, before)).toEqual(['R5', 'withdrawn', 'withdrawn'])
    expect(verdict({ ...later, basisMapping: mapped }, before)).toEqual(['R3', 'contract', own])
  })

  it('of a younger person counts for nothing, and only a withdrawal is written over it', () => {
    const twin = row(own, '1', { recordId: 'r2' })
    expect(verdict(at('consent', NOTHING_MAPPED, row('none', 'none'), twin))).toEqual([
      'R2',
      'consent',
      'consent',
      own,
    ])
    expect(verdict(at('consent', NOTHING_MAPPED, row('withdrawn', '1'), twin))).toEqual([
      'R3',
      'withdrawn',
      'withdrawn',
      'withdrawn',
    ])
    expect(verdict(at('consent', mapped, row('consent', '1'), twin)).at(-1)).toBe('consent')
    expect(verdict(at('contract', mapped, row('contract', '1'), twin)).at(-1)).toBe(own)
  })

  it("beside another person's own basis is decided by the oldest's", () => {
    const oldest = row(tenantBasis('OTHER'), '1')
    const twin = row(own, '1', { recordId: 'r2' })
    expect(verdict(at('consent', mapped, oldest, twin))).toEqual([
      'R5',
      'consent',
      tenantBasis('OTHER'),
      own,
    ])
    expect(verdict(at('consent', mapped, twin, oldest))).toEqual([
      'R4',
      'contract',
      own,
      tenantBasis('OTHER'),
    ])
  })

  it('that the file comes to map is no act of anybody: a card saved again proves nothing', () => {
    const seen = memoryOf(emarketeer('withdrawn', 1), row(own, '1'))
    const saved = at('withdrawn', mapped, row(own, '2'))
    expect(verdict(saved, seen)).toEqual(['R3', 'withdrawn', 'withdrawn'])
  })

  it('counts at the gate once a pass has decided with the file, and no longer immediately (F4)', () => {
    const unmapped = at('contract', NOTHING_MAPPED, row(own, '1'))
    const decision = decideRich(unmapped, EMPTY_MEMORY)
    const before = planRich(unmapped, EMPTY_MEMORY, decision).memory
    const now = { ...unmapped, basisMapping: mapped }
    const counts = (memory: Mem, mapping: BasisMapping) =>
      countsAsBasis(row(own, '1'), memory.seen?.records[0], mapping)
    expect(counts(before, mapped)).toBe(false)
    const taken = decideRich(now, before)
    expect(newlyMapped(now, before, taken)).toEqual(['r1'])
    const after = planRich(now, before, taken).memory
    expect(counts(after, mapped)).toBe(true)
    expect(newlyMapped(now, after, decideRich(now, after))).toEqual([])
    expect(counts(after, NOTHING_MAPPED)).toBe(false)
    // Another value, a person's act: nothing to wait for.
    expect(
      countsAsBasis(
        row(tenantBasis('OTHER'), '2'),
        before.seen?.records[0],
        new Map([['OTHER', 'consent']]),
      ),
    ).toBe(true)
  })
})

describe('several persons at the address (C5)', () => {
  const e = emarketeer('contract', 2)

  it('writes the result to all, but never over a younger withdrawal', () => {
    const obs = observe(
      e,
      row('none', 'none'),
      row('consent', '1', { recordId: 'r2' }),
      row('withdrawn', '3', { recordId: 'r3' }),
    )
    expect(verdict(obs)).toEqual(['R2', 'contract', 'contract', 'contract', 'withdrawn'])
  })

  it('writes a withdrawal to every one of them', () => {
    const obs = observe(e, row('withdrawn', '1'), row('consent', '1', { recordId: 'r2' }))
    const { writes } = planRich(obs, EMPTY_MEMORY, decideRich(obs, EMPTY_MEMORY))
    expect(writes.map(({ side, value }) => [side, value])).toEqual([
      ['crm', 'withdrawn'],
      ['emarketeer', 'withdrawn'],
    ])
  })

  it('refuses an observation without a live record', () => {
    expect(() => decideRich(observe(e), EMPTY_MEMORY)).toThrow(RangeError)
  })
})
