import type { Ghost, Until } from './ghost.js'
import type { MemoryCrm } from './systems/crm.js'
import type { MemoryEmarketeer, OwnWrite } from './systems/emarketeer.js'
import { CATEGORY, People } from './people.js'

/** Something that must not be. */
export interface Finding {
  readonly oracle: 'list' | 'deny lost' | 'disagree' | 'invented' | 'rest' | 'evidence'
  readonly email: string | null
  readonly what: string
}

/** A page of a list, as it was given out. */
export interface ListRead {
  readonly entries: readonly { readonly contactId: string; readonly email: string | null }[]
  readonly nextCursor: string | null
}

const MARKETING = 'marketingSendouts'

/** Nobody is on a list whose last act before it was read was a deny: marketing as such, or the sendout's category. */
export function listFindings(
  read: ListRead,
  ghost: Ghost,
  until: Until,
  category: string | null,
): Finding[] {
  const cells = [MARKETING, 'storeAndProcess', ...(category === null ? [] : [category])]
  return read.entries.flatMap(({ email }) =>
    cells.flatMap((cell) => {
      const deny = ghost.standingDeny(email ?? '', cell, until)
      return deny === null
        ? []
        : [
            {
              oracle: 'list',
              email,
              what: `listed after ${deny.side} denied ${cell} at ${deny.atMs}`,
            } as const,
          ]
    }),
  )
}

/** At rest: both sides say the same, no deny is lost, and no consent was invented. */
export function restFindings(
  emails: readonly string[],
  emarketeer: MemoryEmarketeer,
  crm: MemoryCrm,
  ghost: Ghost,
  subscriptions: boolean,
): Finding[] {
  const isRich = crm.capabilities.values === 'rich'
  const cells = [...crm.capabilities.purposes, ...(subscriptions ? [`c:${CATEGORY}`] : [])]
  return emails.flatMap((email) => {
    const found: Finding[] = []
    const find = (oracle: Finding['oracle'], what: string) => found.push({ oracle, email, what })
    const basis = emarketeer.value(email, MARKETING)
    // A rich CRM's consent is a person's, wherever the record goes; a toggle's flip is one at its address alone.
    const isGiven =
      ghost.acts(email, MARKETING).some((act) => act.consents) ||
      (isRich && ghost.broughtConsent(email, MARKETING))
    if (basis === 'consent' && !isGiven) {
      find('invented', 'eMarketeer holds consent that nobody gave')
    }
    const records = crm.liveAt(email)
    const isLinked = emarketeer.contactsAt(email).length > 0 && records.length > 0
    // Of several persons SuperOffice's oldest is read, and a younger one's withdrawal stays on its row (C5).
    if (!isLinked || (isRich && records.length > 1)) {
      return found
    }
    for (const cell of cells) {
      const value = emarketeer.value(email, cell)
      // Of two rows of a category, which a merge leaves, each is held against the other side.
      const held = records.flatMap((record) => (crm.value(record, cell) ?? 'none').split('+'))
      const state = `${cell}: eMarketeer ${value}, records ${held.join(', ')}`
      const deny = ghost.standingDeny(email, cell)
      if (deny !== null && (!DENIES.has(value) || held.some((one) => !DENIES.has(one)))) {
        find('deny lost', `${deny.side} denied at ${deny.atMs}: ${state}`)
      }
      // A positive basis never moves by itself (F5): what a record brought along, or we wrote elsewhere, stays on it alone.
      const isGivenHere = ghost
        .acts(email, cell)
        .some(({ side, kind }) => side === 'crm' && kind === 'allow')
      const here = value === 'none' && !isGivenHere ? held.filter((one) => DENIES.has(one)) : held
      if (here.some((one) => !agrees(value, one))) {
        find('disagree', state)
      }
    }
    return found
  })
}

const DENIES: ReadonlySet<string> = new Set(['withdrawn', 'deny', 'false'])

/** A toggle says allow for every basis, and where there is none. */
function agrees(emarketeer: string, crm: string): boolean {
  return crm === 'allow'
    ? emarketeer !== 'withdrawn'
    : DENIES.has(crm)
      ? DENIES.has(emarketeer)
      : crm === emarketeer
}

/** A consent event, as the ledger has it. */
export interface RecordedEvent {
  readonly email: string
  readonly cell: string
  readonly emarketeer: string
  /** What the records were to hold, as `allow+deny`. */
  readonly crm: string
  readonly atMs: number
}

/**
 * Evidence tells every write: as many events as writes of a value to a record, and none after its write. It may say the other
 * address of the life: a record that moves between decision and write takes the write along.
 */
export function evidenceFindings(
  writes: readonly OwnWrite[],
  events: readonly RecordedEvent[],
): Finding[] {
  const keyOf = (email: string | null, cell: string, side: string, value: string) =>
    [email === null ? null : People.lifeOf(email), cell, side, value].join(' ')
  const told = new Map<string, number[]>()
  for (const event of events) {
    const cell = event.cell.replace(/^category:/, 'c:')
    const values = [
      ['emarketeer', event.emarketeer],
      ...event.crm.split('+').map((value) => ['crm', value]),
    ] as const
    for (const key of new Set(
      values.map(([side, value]) => keyOf(event.email, cell, side!, value!)),
    )) {
      told.set(key, [...(told.get(key) ?? []), event.atMs])
    }
  }
  const written = new Map<string, number>()
  return writes.flatMap((write) => {
    const value = SAID[write.side][write.value] ?? write.value
    const key = keyOf(write.email, write.cell, write.side, value)
    const ofRecord = `${key} ${write.recordId}`
    const count = (written.get(ofRecord) ?? 0) + 1
    written.set(ofRecord, count)
    const before = (told.get(key) ?? []).filter((atMs) => atMs <= write.atMs)
    return before.length >= count
      ? []
      : [
          {
            oracle: 'evidence',
            email: write.email,
            what: `${write.side} got ${write.cell} ${value} at ${write.atMs}, write ${count} of it with ${before.length} events`,
          } as const,
        ]
  })
}

/** Yes and No as the evidence says them. */
const SAID: Readonly<Record<OwnWrite['side'], Readonly<Record<string, string>>>> = {
  emarketeer: { true: 'consent', false: 'withdrawn' },
  crm: { true: 'allow', false: 'deny' },
}
