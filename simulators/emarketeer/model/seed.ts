import { randomGuid, seededRandom } from '../../common/random.js'
import type { Account } from './account.js'
import type { Basis, StoredValue, ValueKey } from './values.js'
import { categoryKey } from './values.js'

/** Many contacts with old creation times: no changes in the feed. */
export interface SeedPlan {
  readonly count: number
  readonly seed: number
  /** `{n}` is the running number; default `person{n}@example.test`. */
  readonly emailPattern?: string | undefined
  /** First `{n}`; default 1. */
  readonly firstNumber?: number | undefined
  /** Weights of `marketingSendouts`; default consent 6, legitimateInterest 2, none 1, withdrawn 1. */
  readonly marketing?: Partial<Record<Basis, number>> | undefined
  /** Weights of `storeAndProcess`; default legitimateInterest 1. */
  readonly store?: Partial<Record<Basis, number>> | undefined
  /** Share of subscriptions that are OFF; default 0.05. */
  readonly subscriptionOffRate?: number | undefined
  /** Share of contacts that have a mobile number; default 0.5. */
  readonly mobileRate?: number | undefined
}

const YEAR_MS = 365 * 86_400_000

/** Seeds by plan; contacts share their value objects, so that 100,000 stay small. */
export function seedByPlan(account: Account, plan: SeedPlan): { first: string; last: string } {
  const random = seededRandom(plan.seed)
  const setAtMs = account.now() - YEAR_MS
  const marketing = picker(
    plan.marketing ?? { consent: 6, legitimateInterest: 2, none: 1, withdrawn: 1 },
    setAtMs,
  )
  const store = picker(plan.store ?? { legitimateInterest: 1 }, setAtMs)
  const off = value(false, setAtMs)
  const categories = account.liveCategories().map((it) => categoryKey(it.id))
  const pattern = plan.emailPattern ?? 'person{n}@example.test'
  const from = plan.firstNumber ?? 1
  let first = ''
  let last = ''
  for (let n = from; n < from + plan.count; n += 1) {
    const mobile = random() < (plan.mobileRate ?? 0.5) ? `+4670${String(n).padStart(7, '0')}` : null
    const contact = account.contacts.add(
      pattern.replace('{n}', String(n)),
      { firstName: `Person${n}`, lastName: randomGuid(random).slice(0, 8), mobile },
      setAtMs,
    )
    const values: Partial<Record<ValueKey, StoredValue>> = {}
    assign(values, 'marketingSendouts', marketing(random()))
    assign(values, 'storeAndProcess', store(random()))
    for (const key of categories) {
      assign(values, key, random() < (plan.subscriptionOffRate ?? 0.05) ? off : null)
    }
    const address = account.contacts.addressOrNew(contact.email!)
    address.values = Object.keys(values).length === 0 ? address.values : values
    first ||= String(contact.id)
    last = String(contact.id)
  }
  return { first, last }
}

function assign(
  values: Partial<Record<ValueKey, StoredValue>>,
  key: ValueKey,
  stored: StoredValue | null,
): void {
  if (stored !== null) {
    values[key] = stored
  }
}

function value(what: Basis | boolean, setAtMs: number): StoredValue {
  return {
    value: what,
    version: 1,
    eventTimeMs: setAtMs,
    recordedAtMs: setAtMs,
    source: 'import',
    actor: { type: 'user', id: 'u1', name: 'Importer' },
    text: null,
    comment: null,
  }
}

/** Picks by weight from a number in [0, 1); `none` stores nothing. */
function picker(weights: Partial<Record<Basis, number>>, setAtMs: number) {
  const entries = Object.entries(weights) as [Basis, number][]
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
  const options = entries.map(([basis, weight]) => ({
    weight: weight / total,
    stored: basis === 'none' ? null : value(basis, setAtMs),
  }))
  return (at: number): StoredValue | null => {
    let rest = at
    for (const option of options) {
      rest -= option.weight
      if (rest < 0) {
        return option.stored
      }
    }
    return options.at(-1)?.stored ?? null
  }
}
