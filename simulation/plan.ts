import { Chance } from './chance.js'
import type { SuperOfficeHabits } from './systems/superoffice.js'
import { NO_FAULTS, type FaultRates } from './faults.js'

/** What people, colleagues and plug-ins do, with weights. Which record an act is about is chosen when it happens. */
const ACTS = {
  emarketeerDeny: 12,
  emarketeerConsent: 10,
  emarketeerOther: 4,
  emarketeerNo: 4,
  emarketeerYes: 3,
  crmDeny: 12,
  crmAllow: 10,
  crmOther: 3,
  emarketeerStoreDeny: 2,
  emarketeerStoreAllow: 1.5,
  crmStoreDeny: 1.5,
  crmStoreAllow: 1.5,
  crmEdit: 5,
  crmNo: 4,
  crmYes: 3,
  crmNew: 2,
  crmDelete: 1.5,
  crmDeactivate: 1,
  crmReactivate: 1.5,
  crmMove: 2,
  crmMerge: 1,
  emarketeerDelete: 1,
  emarketeerCreate: 2,
  emarketeerMove: 1,
} as const

/** One of {@link ACTS}. */
export type ActKind = keyof typeof ACTS

/** One act. */
export interface Act {
  readonly id: number
  readonly atMs: number
  /** The life whose history it belongs to. */
  readonly life: number
  readonly kind: ActKind
}

/** A run of the product's work, and its trigger. */
export interface Work {
  readonly id: number
  readonly atMs: number
  readonly kind: 'sweep' | 'sendout' | 'resync' | 'approve' | 'expireCursors' | 'backUp' | 'restore'
}

/** Everything that happens in a world, except the order of simultaneous events, which the scheduler chooses. */
export interface Plan {
  readonly seed: string
  readonly crm: 'dynamics' | 'superoffice'
  /** Behaviour of the SuperOffice installation. */
  readonly habits: SuperOfficeHabits
  readonly lives: number
  /** The lives to keep; absent: all. */
  readonly people?: readonly number[]
  readonly acts: readonly Act[]
  readonly works: readonly Work[]
  readonly rates: FaultRates
  /** Share of the lives that act together in a moment (crowd.ts); 0: nobody does. */
  readonly crowd: number
  /** How far the clocks of both systems are ahead, ms. */
  readonly skewMs: { readonly emarketeer: number; readonly crm: number }
  readonly subscriptions: boolean
  readonly newlyMailableLimit: number
  /** Duration of the events, ms; after it, everything comes to rest. */
  readonly spanMs: number
}

const MINUTE_MS = 60_000
const SWEEP_EVERY_MS = 30 * MINUTE_MS
const HOUR_MS = 60 * MINUTE_MS
/** How much later work begins that collides with a sendout. */
const BESIDE_MS = 6_000

/** The plan of a seed. @param lives number of addresses. */
export function planOf(seed: string, lives: number): Plan {
  const chance = new Chance(seed)
  const crm = chance.of('crm') < 0.5 ? 'superoffice' : 'dynamics'
  const isCalm = chance.of('calm') < 0.15
  const isCrowded = !isCalm && chance.of('crowded') < 0.4
  const spanMs = (isCrowded ? 2 : chance.between(2, 4, 'span')) * SWEEP_EVERY_MS
  const works = worksOf(chance, spanMs, isCrowded)
  return {
    seed,
    crm,
    habits: {
      countsEqualWrites: chance.of('equal') < 0.5,
      savesConsents: chance.of('saves') < 0.5,
    },
    lives,
    acts: actsOf(chance, lives, works, spanMs),
    works,
    rates: isCalm
      ? NO_FAULTS
      : {
          call: 0.005 + (isCrowded ? 0.02 : 0.06) * chance.of('call rate'),
          late: isCrowded ? 0.5 : 0,
          moment: isCrowded ? 0.3 : 0,
          child: isCrowded ? 0.4 : 0,
          commit: 0.004 * chance.of('commit rate'),
          reaction: chance.of('reacts') < 0.5 ? 0.2 : 0,
          crash: 0.0008 * chance.of('crash rate'),
          hang: 0.0003 * chance.of('hang rate'),
          webhook: 0.3,
        },
    crowd: isCrowded ? 0.06 : 0,
    skewMs: { emarketeer: skewOf(chance, 'emarketeer'), crm: skewOf(chance, 'crm') },
    subscriptions: crm === 'dynamics' && chance.of('subscriptions') < 0.5,
    newlyMailableLimit: chance.of('limit') < 0.2 ? 5 : 100_000,
    spanMs,
  }
}

function skewOf(chance: Chance, of: string): number {
  return chance.pick([0, 0, 0, 1_500, -1_500, 60_000, -60_000, HOUR_MS, -HOUR_MS], 'skew', of)
}

/** In a crowded world a sweep and a resync begin beside each sendout. */
function worksOf(chance: Chance, spanMs: number, isCrowded: boolean): Work[] {
  const works: Omit<Work, 'id'>[] = []
  for (let atMs = SWEEP_EVERY_MS; atMs < spanMs; atMs += SWEEP_EVERY_MS) {
    works.push({ atMs, kind: 'sweep' })
  }
  const sendouts = isCrowded ? 2 : chance.between(2, 4, 'sendouts')
  for (let n = 0; n < sendouts; n += 1) {
    const atMs = anyTime(chance, spanMs, 'sendout', n)
    works.push({ atMs, kind: 'sendout' })
    for (const kind of isCrowded ? (['sweep', 'resync'] as const) : []) {
      works.push({ atMs: atMs + chance.between(0, BESIDE_MS, 'beside', kind, n), kind })
    }
  }
  if (chance.of('resync') < 0.5) {
    works.push({ atMs: anyTime(chance, spanMs, 'resync', 0), kind: 'resync' })
  }
  if (chance.of('expire') < 0.3) {
    works.push({ atMs: anyTime(chance, spanMs, 'expire', 0), kind: 'expireCursors' })
  }
  works.push({ atMs: anyTime(chance, spanMs, 'approve', 0), kind: 'approve' })
  if (chance.of('restore') < 0.25) {
    const atMs = HOUR_MS + anyTime(chance, spanMs - HOUR_MS, 'restore at', 0)
    works.push({ atMs: Math.max(0, atMs - HOUR_MS), kind: 'backUp' }, { atMs, kind: 'restore' })
  }
  return works.map((work, id) => ({ ...work, id }))
}

function anyTime(chance: Chance, spanMs: number, what: string, n: number): number {
  return Math.floor(spanMs * chance.of(what, n))
}

/** Most acts happen within seconds of some work, so that they collide with it. */
function actsOf(chance: Chance, lives: number, works: readonly Work[], spanMs: number): Act[] {
  const acts: Act[] = []
  for (let life = 0; life < lives; life += 1) {
    const count = chance.between(2, 9, 'acts', life)
    for (let n = 0; n < count; n += 1) {
      const near = chance.pick(works, 'near', life, n)
      const offset = chance.of('offset', life, n)
      const side = chance.of('before', life, n) < 0.3 ? -1 : 1
      const atMs =
        chance.of('is near', life, n) < 0.7
          ? near.atMs + side * Math.floor(20_000 * offset * offset)
          : anyTime(chance, spanMs, `act ${life}`, n)
      const kind = chance.weighted(ACTS, 'kind', life, n)
      acts.push({ id: life * 100 + n, atMs, life, kind })
    }
  }
  return acts.sort((a, b) => a.atMs - b.atMs || a.id - b.id)
}
