/** The environment to explore, and the one guard that a mutant removes. */
export interface Config {
  readonly rich: boolean
  /** Whether the CRM stamps acts with a clock of its own. */
  readonly stamped: boolean
  /** How far the CRM's clock is ahead, and the uncertainty that the rule assumes. */
  readonly skew: number
  readonly eps: number
  readonly acts: number
  /** The bases from which users choose. */
  readonly vals: string
  /** Budgets: crashes, delayed writes, unrelated edits, restores of our database, records that join or leave. */
  readonly crash: number
  readonly delay: number
  readonly noise: number
  readonly restore: number
  readonly sets: number
  /** How often one of two records becomes unreadable or readable again. */
  readonly hides: number
  /** If records join, leave or become unreadable: whether both are live at the beginning. */
  readonly twins: boolean
  /** Whether the last record may also leave. */
  readonly empties: boolean
  /** The initial states, by the start of their names; null: all of them. */
  readonly begins: readonly string[] | null
  /** Whether the records come from another address, where a pass has observed them. */
  readonly brought: boolean
  /** How often the connection file starts or stops mapping the tenant's own basis. */
  readonly remaps: number
  /** Whether versions of an older epoch occur again (a CRM or eMarketeer was restored). */
  readonly reuse: boolean
  readonly passes: number
  /** Whether eMarketeer is read again after the CRM, whether it refuses a stale write, and whether the CRM does. */
  readonly recheck: boolean
  readonly casE: boolean
  readonly casD: boolean
  /** Whether a restore waits until no call is in progress. */
  readonly fence: boolean
  readonly mutation: Mutation | null
}

/** A guard of the rule, removed by falsifying the rule's input (test/model/mutations.ts). */
export type Mutation =
  | 'noOpenAllow'
  | 'noOpenLoosen'
  | 'noAbaGuard'
  | 'byValues'
  | 'oldEpochTrusted'
  | 'noLens'
  | 'movedIsEnough'
  | 'noReadBack'
  | 'noWant'
  | 'ourStamp'
  | 'defaultCounts'
  | 'touchCounts'
  | 'savedIsSet'
  | 'setIgnored'
  | 'departedIgnored'
  | 'departedBeforeSeen'
  | 'departureOverwritten'
  | 'oldEpochSettles'
  | 'doubtLeaves'
  | 'nothingTakenAlong'
  | 'openForgotten'
  | 'mappedWhenRead'
  | 'unmappedIsNone'
  | 'unreadSkipped'
  | 'partlyKnown'
  | 'leftUnreported'

/** One exploration; `passes` states its expected result. */
export interface Variant {
  readonly name: string
  readonly holds: boolean
  /** Too large for every build; explored by `npm run model -- --slow` or by its name. */
  readonly slow: boolean
  readonly config: Config
}

const BASE: Config = {
  rich: false,
  stamped: false,
  skew: 0,
  eps: 0,
  acts: 2,
  vals: 'WCL',
  crash: 1,
  delay: 1,
  noise: 1,
  restore: 0,
  sets: 0,
  hides: 0,
  twins: false,
  empties: false,
  begins: null,
  brought: false,
  remaps: 0,
  reuse: false,
  passes: 1,
  recheck: true,
  casE: true,
  casD: true,
  fence: true,
  mutation: null,
}
const RICH = { rich: true, noise: 0, casD: false } as const
const STAMPED = { stamped: true } as const
const AHEAD = { skew: 2, eps: 2 } as const
const BEHIND = { skew: -2, eps: 2 } as const
const RESTORED = { restore: 1, reuse: true } as const
const SAVED_AGAIN = { ...RICH, noise: 1, delay: 0 } as const
/** A card is saved over a late write of ours for which passes no longer wait. */
const SAVED_OVER = { ...RICH, noise: 1, crash: 0, vals: 'WC' } as const
/** A record comes with a basis from another address, and its card is saved. */
const BROUGHT = { ...SAVED_AGAIN, noise: 2, begins: ['N/C', 'N/L(user)'], brought: true } as const
const OWN = { vals: 'WCU', remaps: 2 } as const
const SET = { sets: 2, noise: 0 } as const
/** One of two records leaves and comes back while a write of ours is in progress. */
const RETURN = { sets: 2, twins: true, noise: 0, crash: 0, vals: 'WC' } as const
const RETURN_RICH = {
  ...RICH,
  ...RETURN,
  begins: ['C/N(default)+C'],
} as const

/** As above, but eMarketeer had the older one's deny and was restored to a time before it. */
const RETURN_RESTORED = {
  ...RETURN,
  reuse: true,
  begins: ['C/X(user)+A, old-epoch seen W'],
} as const
const RETURN_RICH_RESTORED = {
  ...RICH,
  ...RETURN,
  reuse: true,
  delay: 0,
  begins: ['C/W(user)+C, old-epoch seen W'],
} as const

/** One of two records is unreadable for a while. */
const UNREAD = { hides: 2, twins: true, noise: 0, crash: 0, vals: 'WC' } as const
const UNREAD_RICH = { ...RICH, ...UNREAD, begins: ['C/C(user)+C'] } as const

/** Both records leave, or the first one comes back. */
const EMPTIES = { ...RETURN, empties: true } as const
const EMPTIES_RICH = { ...RICH, ...EMPTIES, begins: ['C/C(user)+C'] } as const

/** Equal to another variant that every build explores, except for a wrong clock. */
const BY_HAND = new Set(['rich-saved-again-stamped+2', 'rich-saved-again-stamped-2'])

/** Every variant that must hold, and every mutant that must be caught, with at most `acts` acts by users. */
export function variants(acts: number): readonly Variant[] {
  const holds = (name: string, part: Partial<Config> = {}): Variant => ({
    name,
    holds: true,
    slow: name.endsWith('-full') || BY_HAND.has(name),
    config: { ...BASE, acts, ...part },
  })
  const broken = (name: string, part: Partial<Config>): Variant => ({
    name: `M ${name}`,
    holds: false,
    slow: false,
    config: { ...BASE, ...part, acts: Math.max(acts, part.acts ?? 2) },
  })
  const rich = { ...RICH, ...STAMPED }
  return [
    holds('toggle'),
    holds('toggle-stamped', STAMPED),
    holds('toggle-stamped+2', { ...STAMPED, ...AHEAD }),
    holds('toggle-stamped-2', { ...STAMPED, ...BEHIND }),
    holds('toggle-restore', RESTORED),
    holds('toggle-own-db-restored-no-epoch', { restore: 1, mutation: 'oldEpochTrusted' }),
    holds('toggle-record-set', { ...SET, delay: 0, vals: 'WC' }),
    holds('toggle-record-set-full', SET),
    holds('rich', RICH),
    holds('rich-stamped-once', rich),
    holds('rich-stamped-once+2', { ...rich, ...AHEAD }),
    holds('rich-stamped-once-2', { ...rich, ...BEHIND }),
    holds('rich-stamped-once-restore', { ...rich, ...RESTORED, delay: 0 }),
    holds('rich-restore', { ...RICH, ...RESTORED }),
    holds('rich-third-basis', { ...RICH, vals: 'WCLM', delay: 0 }),
    holds('rich-saved-again', SAVED_AGAIN),
    holds('rich-saved-over-late-write', SAVED_OVER),
    holds('rich-brought-saved-again', BROUGHT),
    holds('rich-own-basis', { ...RICH, ...OWN, delay: 0 }),
    holds('rich-own-basis-full', { ...RICH, ...OWN }),
    holds('rich-own-basis-saved-again', { ...SAVED_AGAIN, ...OWN, vals: 'WU', remaps: 1 }),
    holds('rich-own-basis-saved-again-full', { ...SAVED_AGAIN, ...STAMPED, ...OWN }),
    holds('rich-saved-again-stamped', { ...SAVED_AGAIN, ...STAMPED }),
    holds('rich-saved-again-stamped+2', { ...SAVED_AGAIN, ...STAMPED, ...AHEAD }),
    holds('rich-saved-again-stamped-2', { ...SAVED_AGAIN, ...STAMPED, ...BEHIND }),
    holds('rich-record-set', { ...RICH, ...SET, delay: 0, acts: acts - 1 }),
    holds('rich-returns', RETURN_RICH),
    holds('rich-returns-full', { ...RICH, ...RETURN }),
    holds('toggle-returns', { ...RETURN, begins: ['C/X'] }),
    holds('toggle-returns-full', RETURN),
    holds('toggle-restored-returns', RETURN_RESTORED),
    holds('rich-restored-returns', RETURN_RICH_RESTORED),
    holds('toggle-unread', { ...UNREAD, begins: ['C/A'] }),
    holds('rich-unread', UNREAD_RICH),
    holds('toggle-empties', { ...EMPTIES, begins: ['C/A'] }),
    holds('rich-empties', EMPTIES_RICH),
    holds('rich-record-set-full', { ...RICH, ...SET, delay: 0 }),
    broken('no re-check of E', { recheck: false }),
    broken('no openAllow', { mutation: 'noOpenAllow' }),
    broken('no openLoosen on E', { mutation: 'noOpenLoosen' }),
    broken('no If-Match on D', { casD: false }),
    broken('no compare-and-set on E', { casE: false }),
    broken('no ABA guard', { mutation: 'noAbaGuard', acts: 3 }),
    broken('old-epoch seen trusted', { ...RESTORED, mutation: 'oldEpochTrusted' }),
    broken('restored with a call under way', { restore: 1, fence: false }),
    broken('three-way merge by values', { mutation: 'byValues' }),
    broken('no lens', { mutation: 'noLens' }),
    broken('moved is enough', { mutation: 'movedIsEnough' }),
    broken('eps 0, CRM clock +2', { ...STAMPED, skew: 2 }),
    broken('eps 0, CRM clock -2', { ...STAMPED, skew: -2 }),
    broken('two passes, no lock', { passes: 2 }),
    broken('set change ignored', { ...SET, mutation: 'setIgnored' }),
    broken('deny of a departed record ignored', { ...SET, mutation: 'departedIgnored' }),
    broken('rich: two passes, no lock', { ...RICH, passes: 2 }),
    broken('rich: eps 0, CRM clock +2', { ...rich, skew: 2 }),
    broken('rich: eps 0, CRM clock -2', { ...rich, skew: -2 }),
    broken('rich: no re-check of E', { ...RICH, recheck: false }),
    broken('rich: no compare-and-set on E', { ...RICH, casE: false }),
    broken('rich: no openLoosen on E', { ...RICH, mutation: 'noOpenLoosen' }),
    broken('rich: no read-back check', { ...RICH, mutation: 'noReadBack' }),
    broken('rich: read-back without want', { ...RICH, mutation: 'noWant' }),
    broken('rich: our stamp is a person', { ...rich, mutation: 'ourStamp' }),
    broken('rich: default written over N', { ...RICH, mutation: 'defaultCounts' }),
    broken('rich: saved again, no guard', { ...SAVED_AGAIN, mutation: 'movedIsEnough' }),
    broken('rich: saved again, row stamps', {
      ...SAVED_AGAIN,
      ...STAMPED,
      mutation: 'touchCounts',
    }),
    broken('rich: our basis is brought, and its card saved', {
      ...BROUGHT,
      mutation: 'savedIsSet',
    }),
    broken('rich: mapping applied when reading', {
      ...SAVED_AGAIN,
      ...OWN,
      mutation: 'mappedWhenRead',
    }),
    broken('rich: unmapped taken for none', { ...RICH, ...OWN, mutation: 'unmappedIsNone' }),
    broken('rich: set change ignored', { ...RICH, ...SET, mutation: 'setIgnored' }),
    broken('rich: deny of a departed record ignored', {
      ...RICH,
      ...SET,
      mutation: 'departedIgnored',
    }),
    broken('a deny departs before what was seen', { ...SET, mutation: 'departedBeforeSeen' }),
    broken('rich: a deny departs before what was seen', {
      ...RICH,
      ...SET,
      mutation: 'departedBeforeSeen',
    }),
    broken('a pass overwrites what departs meanwhile', {
      ...SET,
      mutation: 'departureOverwritten',
    }),
    broken('an older epoch settles what has left', {
      ...RETURN_RESTORED,
      mutation: 'oldEpochSettles',
    }),
    broken('rich: an older epoch settles what has left', {
      ...RETURN_RICH_RESTORED,
      mutation: 'oldEpochSettles',
    }),
    broken('rich: leaves in doubt, and nobody notices', {
      ...RETURN_RICH,
      mutation: 'doubtLeaves',
    }),
    broken('rich: a late write is waited for no more', {
      ...SAVED_OVER,
      mutation: 'openForgotten',
    }),
    broken('the last record leaves, and nobody is told', {
      ...EMPTIES,
      begins: ['C/A'],
      mutation: 'leftUnreported',
    }),
    broken('rich: the last record leaves, and nobody is told', {
      ...EMPTIES_RICH,
      mutation: 'leftUnreported',
    }),
    broken('an unreadable record is left out', {
      ...UNREAD,
      begins: ['C/A'],
      mutation: 'unreadSkipped',
    }),
    broken('rich: an unreadable record is left out', {
      ...UNREAD_RICH,
      mutation: 'unreadSkipped',
    }),
    broken('a deny beside an unreadable record is known', {
      ...UNREAD,
      begins: ['C/A'],
      mutation: 'partlyKnown',
    }),
    broken('rich: a deny beside an unreadable record is known', {
      ...UNREAD_RICH,
      mutation: 'partlyKnown',
    }),
    broken('rich: takes nothing along', { ...RETURN_RICH, mutation: 'nothingTakenAlong' }),
  ]
}
