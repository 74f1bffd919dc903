import fc from 'fast-check'
import {
  anyInDoubt,
  countsAsBasis,
  EMPTY_MEMORY,
  hasInheritedDeny,
  RICH,
  TOGGLE,
} from '../../../src/domain/reconcile/index.js'
import { isPositive, type LegalBasis } from '../../../src/domain/legal-basis.js'
import { NOTHING_MAPPED } from '../../../src/domain/tenant-basis.js'
import { EPOCH, isDeny, OWN, OWN_MAPPED, World, type Row, type Value } from './world.js'

/** One event. `row` and `value` are taken modulo the number available. */
export type Event =
  | { readonly kind: 'emarketeer'; readonly value: number }
  | {
      readonly kind: 'crm' | 'edit' | 'saveCard' | 'join' | 'leave'
      readonly row: number
      readonly value: number
    }
  | {
      readonly kind: 'pass'
      readonly during: readonly Event[]
      readonly stopAfter: number
      readonly delay: boolean
    }
  | { readonly kind: 'late'; readonly lands: boolean }
  /** From now on the connection file maps the tenant's own basis, or does not. */
  | { readonly kind: 'map'; readonly mapped: boolean }
  /** Nothing happens for this time. */
  | { readonly kind: 'wait'; readonly ms: number }

/** A pass may be disturbed by acts between its steps, crash after any step, or have a write delayed. */
const act = fc.oneof(
  fc.record({ kind: fc.constant('emarketeer' as const), value: fc.nat(5) }),
  fc.record({ kind: fc.constant('crm' as const), row: fc.nat(2), value: fc.nat(5) }),
)
const remap = fc.record({ kind: fc.constant('map' as const), mapped: fc.boolean() })
const passAmid = (during: fc.Arbitrary<Event>) =>
  fc.record({
    kind: fc.constant('pass' as const),
    during: fc.array(during, { maxLength: 2 }),
    stopAfter: fc.oneof(
      { weight: 3, arbitrary: fc.constant(99) },
      { weight: 1, arbitrary: fc.nat(5) },
    ),
    delay: fc.oneof(
      { weight: 4, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
  })
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: act },
  { weight: 4, arbitrary: passAmid(act) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('edit' as const, 'join' as const, 'leave' as const),
      row: fc.nat(2),
      value: fc.nat(5),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('late' as const), lands: fc.boolean() }) },
)

const eventWithFile: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: event },
  { weight: 1, arbitrary: remap },
  { weight: 1, arbitrary: passAmid(fc.oneof(act, remap)) },
)

/** A person's card is saved, which also stamps the consent row. Acts are further apart than the clocks' uncertainty. */
const saveCard = fc.record({
  kind: fc.constant('saveCard' as const),
  row: fc.nat(2),
  value: fc.nat(5),
})
const wait = fc.record({
  kind: fc.constant('wait' as const),
  ms: fc.constantFrom(1_000, 4_000, 10_000),
})
const eventWithCards: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: event },
  { weight: 2, arbitrary: saveCard },
  { weight: 3, arbitrary: wait },
  { weight: 1, arbitrary: passAmid(fc.oneof(act, saveCard)) },
)

export const BASES = ['withdrawn', 'consent', 'legitimateInterest', 'contract'] as const
const TOGGLES = ['allow', 'deny'] as const

/** An initial state and the events after it, for up to `records` records at the address. */
export function histories(rich: boolean, records: number) {
  return fc.record({
    rich: fc.constant(rich),
    basis: fc.constantFrom<LegalBasis>('none', ...BASES),
    values: fc.array(fc.nat(5), { minLength: 1, maxLength: records }),
    stamped: fc.boolean(),
    skewMs: fc.integer({ min: -2_000, max: 2_000 }),
    older: fc.option(
      fc.record({
        basis: fc.constantFrom(...BASES),
        version: fc.nat(2),
        values: fc.array(fc.nat(5), { minLength: 1, maxLength: records }),
        versions: fc.array(fc.nat(1), { minLength: records, maxLength: records }),
      }),
      { freq: 3 },
    ),
    events: fc.array(event, { maxLength: 12 }),
  })
}

type Generated = ReturnType<typeof histories> extends fc.Arbitrary<infer T> ? T : never

export type History = Omit<Generated, 'older'> & {
  /** The observations of an older epoch, before one of the systems or our ledger was restored. */
  readonly older?: Generated['older']
  /** The tenant has a basis of its own. */
  readonly own?: { readonly mapped: boolean }
}

/** Histories of a rich CRM whose tenant has a basis of its own, which the connection file may map. */
export function historiesWithOwnBasis(records: number): fc.Arbitrary<History> {
  return fc
    .tuple(histories(true, records), fc.boolean(), fc.array(eventWithFile, { maxLength: 12 }))
    .map(([history, mapped, events]) => ({ ...history, own: { mapped }, events }))
}

/** Histories of a rich CRM whose rows are stamped, also when somebody only saves a card, at any moment. */
export function historiesWithSavedCards(records: number): fc.Arbitrary<History> {
  return fc
    .tuple(histories(true, records), fc.array(eventWithCards, { maxLength: 16 }))
    .map(([history, events]) => ({ ...history, stamped: true, events }))
}

/** The world before any event; later records are not live yet. */
export function begin({ rich, basis, values, stamped, skewMs, own, older }: History): World {
  const choices: readonly Value[] = rich ? (own ? [...BASES, OWN] : BASES) : TOGGLES
  const rows = values.map((n, i): Row => {
    const value = pick<Value>(rich ? ['none', ...choices] : TOGGLES, n)
    const nobody = value === 'none' || value === 'allow'
    return {
      id: `r${i}`,
      value,
      version: 0,
      writer: nobody ? 'default' : 'user',
      setMs: 1_000 + skewMs,
      live: i === 0,
      mark: false,
      leftWith: null,
    }
  })
  const world = new World(rich, rows, { stamped, skewMs, epsMs: 2_000 }, choices)
  world.mapping = own?.mapped ? OWN_MAPPED : NOTHING_MAPPED
  rows
    .filter((row) => row.writer === 'user')
    .forEach((row) => world.set.add(row.value === OWN ? 'contract' : row.value))
  if (basis !== 'none') {
    world.actInEmarketeer(basis)
    // Events before the history are nobody's last act, except a deny, which must persist.
    world.nowMs = 20_000
    world.positiveMs = world.positiveMs && 1_000
    world.denyMs = world.denyMs && 1_000
  }
  world.crmOptedIn =
    rows.some((row) => row.value === 'consent') && (basis === 'none' || basis === 'consent')
  world.lastActDenies = basis === 'withdrawn' || isDeny(rows[0]?.value ?? 'none')
  if (older) {
    const records = older.values.map((n, i) => ({
      recordId: `r${i}`,
      value: pick<Value>(choices, n),
      version: String(older.versions[i]),
      want: null,
    }))
    const { basis: had, version } = older
    world.memory = { ...EMPTY_MEMORY, seen: { basis: had, version, records, epoch: EPOCH - 1 } }
  }
  return world
}

/** Plays the history, and after each event checks what the gate must never do. */
export function play(world: World, events: readonly Event[]): void {
  for (const next of events) {
    happen(world, next)
    if (world.lastActDenies && sendable(world)) {
      world.violations.push(`G sendable after ${next.kind} although the last act is a deny`)
    }
  }
}

function happen(world: World, next: Event): void {
  const live = world.live()
  switch (next.kind) {
    case 'emarketeer':
      world.actInEmarketeer(pick(BASES, next.value))
      break
    case 'crm':
      world.actInCrm(pick(live, next.row), pick(world.choices, next.value))
      break
    case 'edit':
      // In a rich CRM only the consent row's own writes change its version.
      pick(live, next.row).version += world.rich ? 0 : 1
      break
    case 'saveCard':
      world.saveCard(pick(live, next.row))
      break
    case 'wait':
      world.nowMs += next.ms
      break
    case 'join':
      world.rows
        .filter((row) => !row.live)
        .slice(0, 1)
        .forEach((row) => (row.live = true))
      break
    case 'leave':
      leave(world, pick(live, next.row), next.value % 2 === 1)
      break
    case 'map':
      world.mapping = next.mapped ? OWN_MAPPED : NOTHING_MAPPED
      break
    case 'late':
      if (world.late !== null && next.lands) {
        world.apply(world.late, false)
      }
      world.late = null
      break
    case 'pass':
      runPass(world, next.during, next.stopAfter, next.delay)
  }
}

/** A record leaves. One stays, which the gate needs; in a merge it is the one into which the other is merged. */
function leave(world: World, row: Row, merged: boolean): void {
  const heir = world.live().find((other) => other !== row)
  if (heir !== undefined) {
    world.leave(row, merged ? heir : null)
  }
}

/** One pass; `during` happens in turn after the read and after the decision. */
export function runPass(
  world: World,
  during: readonly Event[] = [],
  stopAfter = 99,
  delay = false,
): number {
  let step = 0
  let writes = 0
  const crashed = () => (step += 1) > stopAfter
  const obs = world.observe()
  const loaded = world.memory.departed
  const readDeny = world.tellsOfDeny()
  const version = world.version
  const [first, second] = during
  if (first !== undefined) {
    happen(world, first)
  }
  if (world.version !== version || crashed()) {
    return writes
  }
  const todo = world.decideAndStore(obs, loaded)
  if (second !== undefined) {
    happen(world, second)
  }
  for (const write of todo) {
    if (crashed()) {
      return writes
    }
    if (delay && world.late === null) {
      world.late = write
      return writes
    }
    if (!world.apply(write, readDeny)) {
      return writes
    }
    writes += 1
    if (crashed()) {
      return writes
    }
    world.acknowledge(write)
  }
  return writes
}

export function sendable(world: World): boolean {
  const live = world.live()
  const obs = world.observe() as never
  const [oldest] = live
  const before = world.memory.seen?.records.find(({ recordId }) => recordId === oldest?.id)
  const allows = world.rich
    ? oldest !== undefined &&
      (isPositive(oldest.value) ||
        (oldest.value === OWN && countsAsBasis(oldest as never, before as never, world.mapping))) &&
      !anyInDoubt(obs, world.memory as never)
    : live.every((row) => row.value === 'allow')
  const left = hasInheritedDeny(obs, world.memory, (world.rich ? RICH : TOGGLE) as never)
  return (
    isPositive(world.basis) && allows && !left && !live.some((row) => row.mark || isDeny(row.value))
  )
}

export function pick<T>(values: readonly T[], n: number): T {
  return values[n % values.length] as T
}
