import type { ActKind } from './plan.js'
import { People } from './people.js'
import type { Stage } from './stage.js'

/** What people do in such a moment, with weights: mostly answers, which contradict each other. */
const ACTS = {
  emarketeerDeny: 6,
  emarketeerConsent: 6,
  emarketeerOther: 1,
  emarketeerNo: 2,
  emarketeerYes: 2,
  emarketeerStoreDeny: 0.5,
  emarketeerStoreAllow: 0.5,
  crmDeny: 6,
  crmAllow: 6,
  crmNo: 2,
  crmYes: 2,
  crmStoreDeny: 0.5,
  crmStoreAllow: 0.5,
  crmEdit: 2,
  crmMove: 1,
  crmNew: 0.3,
  crmDelete: 0.3,
  crmMerge: 0.3,
  emarketeerMove: 0.7,
} as const satisfies Partial<Record<ActKind, number>>

/** What people do while a write of ours is under way to them. */
const SECOND_THOUGHTS = {
  emarketeerDeny: 10,
  emarketeerConsent: 1,
  emarketeerNo: 2,
  crmDeny: 2,
  crmAllow: 1,
  crmNo: 1,
  crmEdit: 2,
  crmMove: 1,
  emarketeerMove: 0.5,
} as const satisfies Partial<Record<ActKind, number>>

type Weights = Readonly<Partial<Record<ActKind, number>>>

/** Most acts of one life in one moment. */
const MOST_ACTS = 3
/** Between two acts of a life. */
const APART_MS = 3

/**
 * Many people who act in the moments that cost most: while an answer is on its way, before a write lands, and while
 * nobody knows whether it did. Moments are faults, so that a replay can keep only some of them.
 */
export class Crowd {
  constructor(private readonly stage: Stage) {}

  /** A moment begins. @param place its name. @param withinMs each life begins to act at any time within it. */
  come(place: string, withinMs: number): void {
    const { plan, lives, chance, faults } = this.stage
    // Acts beside a drain call for another drain, and so on.
    if (plan.crowd === 0 || place.includes('drain ') || !faults.isMoment(place)) {
      return
    }
    for (const life of lives) {
      if (chance.of('in the crowd', place, life) < plan.crowd) {
        const count = chance.between(1, MOST_ACTS, 'crowd acts', place, life)
        this.answer(place, withinMs, life, ACTS, count)
      }
    }
  }

  /** Nobody knows what became of a write: half of those whom it is about act. */
  doubt(place: string, withinMs: number, addresses: readonly string[]): void {
    const { plan, chance, faults } = this.stage
    if (plan.crowd === 0 || !faults.isDoubt(place)) {
      return
    }
    for (const life of new Set(addresses.map((email) => People.lifeOf(email)))) {
      if (chance.of('in doubt', place, life) < 0.5) {
        this.answer(`unanswered ${place}`, withinMs, life, SECOND_THOUGHTS, 1)
      }
    }
  }

  private answer(
    place: string,
    withinMs: number,
    life: number,
    acts: Weights,
    count: number,
  ): void {
    const { chance, scheduler } = this.stage
    const beginsMs = scheduler.nowMs + chance.between(1, withinMs, 'crowd begins', place, life)
    for (let n = 0; n < count; n += 1) {
      scheduler.at(beginsMs + n * APART_MS, () => this.act(place, life, n, acts))
    }
  }

  private act(place: string, life: number, n: number, acts: Weights): void {
    const { chance, faults, people, scheduler } = this.stage
    if (faults.ended) {
      return
    }
    const id = -1 - Math.floor(chance.of('crowd id', place, life, n) * Number.MAX_SAFE_INTEGER)
    const kind = chance.weighted(acts, 'crowd kind', place, life, n)
    const what = people.do({ id, atMs: 0, life, kind })
    if (what !== null) {
      scheduler.note(`crowd at ${place}: ${what}`)
    }
  }
}
