import type { LedgerServer } from './ledger-server.js'
import type { Finding } from './oracles.js'
import type { Plan } from './plan.js'
import { World, type Lived } from './world.js'

/** A minimised failure. */
export interface Shrunk {
  readonly plan: Plan
  readonly faults: readonly string[]
  readonly lived: Lived
  readonly replays: number
}

/** A replay takes seconds. */
const MOST_REPLAYS = 80

/**
 * Removes people, acts, work and faults while the same oracle still finds something at the same address. Random choices
 * depend on names, so the rest happens as before, except for what waited on a removed part.
 */
export async function shrink(
  server: LedgerServer,
  plan: Plan,
  first: Lived,
  onReplay: (what: string) => void = () => undefined,
): Promise<Shrunk> {
  const finding = first.findings[0]!
  let best: Shrunk = { plan, faults: first.faults, lived: first, replays: 0 }
  let replays = 0
  const attempt = async (smaller: Plan, faults: readonly string[]): Promise<boolean> => {
    if (replays === MOST_REPLAYS) {
      return false
    }
    replays += 1
    const replay = { onlyFaults: new Set(faults), trace: true }
    const lived = await World.live(server, smaller, replay)
    const holds = lived.findings.some((one) => isSame(one, finding))
    const size = `${smaller.acts.length} acts, ${smaller.works.length} works, ${faults.length} faults`
    onReplay(`replay ${replays}: ${size}: ${holds ? 'still found' : 'not found'}`)
    if (!holds) {
      return false
    }
    best = { plan: smaller, faults: lived.faults, lived, replays }
    return true
  }
  const life = lifeOf(finding)
  if (life !== null) {
    const own = plan.acts.filter((act) => act.life === life)
    const isAlone = await attempt({ ...plan, people: [life], acts: own }, best.faults)
    if (!isAlone) {
      await attempt({ ...plan, acts: own }, best.faults)
    }
  }
  await attempt(best.plan, [])
  await lessOf(
    () => best.faults,
    (faults) => attempt(best.plan, faults),
  )
  await lessOf(
    () => best.plan.works,
    (works) => attempt({ ...best.plan, works }, best.faults),
  )
  await lessOf(
    () => best.plan.acts,
    (acts) => attempt({ ...best.plan, acts }, best.faults),
  )
  return { ...best, replays }
}

/** Removes parts of a list, the largest first, while the condition holds. */
async function lessOf<T>(
  now: () => readonly T[],
  holds: (less: readonly T[]) => Promise<boolean>,
): Promise<void> {
  for (
    let size = Math.ceil(now().length / 2);
    size > 0;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < now().length;) {
      const all = now()
      const less = [...all.slice(0, from), ...all.slice(from + size)]
      if (!(await holds(less))) {
        from += size
      }
    }
  }
}

function isSame(one: Finding, other: Finding): boolean {
  return one.oracle === other.oracle && one.email === other.email
}

function lifeOf({ email }: Finding): number | null {
  const [, life] = /^[pq](\d+)@/.exec(email ?? '') ?? []
  return life === undefined ? null : Number(life)
}
