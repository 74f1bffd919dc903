import type { Ghost, Until } from './ghost.js'
import type { Stage } from './stage.js'
import type { OwnWrite } from './systems/emarketeer.js'
import { CATEGORY, People } from './people.js'

/** A violation. */
export interface Finding {
  readonly oracle:
    'list' | 'deny lost' | 'disagree' | 'invented' | 'rest' | 'evidence' | 'lease' | 'plain'
  readonly email: string | null
  readonly what: string
}

/** A page of a list, as it was returned. */
export interface ListRead {
  readonly entries: readonly { readonly contactId: string; readonly email: string | null }[]
  readonly nextCursor: string | null
}

const MARKETING = 'marketingSendouts'

/** Finds people on a list whose last act before it was read was a deny: of marketing, or of the sendout's category. */
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

/**
 * Checks the state at rest: both sides agree, no deny is lost, and no consent was invented.
 *
 * @param perhapsOurs cells, as address and cell, to which the product wrote a basis in eMarketeer and never learned the
 *   outcome.
 * @param forgotten cells, as record id and cell, to which the product wrote consent in the time that the restored ledger
 *   lost.
 */
export function restFindings(
  emails: readonly string[],
  { emarketeer, crm, ghost }: Pick<Stage, 'emarketeer' | 'crm' | 'ghost'>,
  subscriptions: boolean,
  perhapsOurs: ReadonlySet<string>,
  forgotten: ReadonlySet<string>,
): Finding[] {
  const isRich = crm.capabilities.values === 'rich'
  const cells = [...crm.capabilities.purposes, ...(subscriptions ? [`c:${CATEGORY}`] : [])]
  return emails.flatMap((email) => {
    const found: Finding[] = []
    const find = (oracle: Finding['oracle'], what: string) => found.push({ oracle, email, what })
    const basis = emarketeer.value(email, MARKETING)
    const records = crm.liveAt(email)
    // After a restore, a card that is saved over a consent of ours that the ledger has forgotten looks like a user's
    // own (docs/reconciliation.md, "Limits").
    const isGiven =
      ghost.acts(email, MARKETING).some((act) => act.consents) ||
      ghost.broughtConsent(email, MARKETING) ||
      (isRich && records.some(({ id }) => forgotten.has(`${id} ${MARKETING}`)))
    if (basis === 'consent' && !isGiven) {
      find('invented', 'eMarketeer holds consent that nobody gave')
    }
    const isLinked = emarketeer.contactsAt(email).length > 0 && records.length > 0
    // If an address has several persons, SuperOffice's oldest is read, and a younger one's withdrawal stays on its row
    // (C5).
    if (!isLinked || (isRich && records.length > 1)) {
      return found
    }
    for (const cell of cells) {
      const value = emarketeer.value(email, cell)
      // A merge may leave two rows of a category; each is compared with the other side.
      const held = records.flatMap((record) => (crm.value(record, cell) ?? 'none').split('+'))
      const state = `${cell}: eMarketeer ${value}, records ${held.join(', ')}`
      const deny = ghost.standingDeny(email, cell)
      if (deny !== null && (!DENIES.has(value) || held.some((one) => !DENIES.has(one)))) {
        find('deny lost', `${deny.side} denied at ${deny.atMs}: ${state}`)
      }
      // A positive basis never moves by itself (F5): one that no user chose on the record stays on that record alone.
      const isChosen = records.some((record) => crm.wasChosen(record, cell))
      // Nor does one of ours from eMarketeer to a record that came later, as long as its outcome is unknown (R2). Nor
      // somebody's own at another version than our write expected: the product cannot tell it from our write.
      const isOurs = !emarketeer.wasChosen(email, cell) || perhapsOurs.has(`${email} ${cell}`)
      const staysHere = isRich && !DENIES.has(value) && isOurs
      const here = held.filter(
        (one) =>
          DENIES.has(one) || ((value !== 'none' || isChosen) && !(one === 'none' && staysHere)),
      )
      if (here.some((one) => !agrees(value, one))) {
        find('disagree', state)
      }
    }
    return found
  })
}

const DENIES: ReadonlySet<string> = new Set(['withdrawn', 'deny', 'false'])

/** A toggle reads allow for every basis, and if there is none. */
function agrees(emarketeer: string, crm: string): boolean {
  return crm === 'allow'
    ? emarketeer !== 'withdrawn'
    : DENIES.has(crm)
      ? DENIES.has(emarketeer)
      : crm === emarketeer
}

/** A consent event of the ledger. */
export interface RecordedEvent {
  readonly email: string
  readonly cell: string
  readonly emarketeer: string
  /** Values that the records were to get, as `allow+deny`. */
  readonly crm: string
  /** When it was committed. */
  readonly atMs: number
}

/**
 * Checks the evidence of every write: there are as many events as writes of a value to a record, and none after its
 * write. An event may name the life's other address: a record that moves between decision and write takes the write
 * along.
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

/** Words of the evidence for Yes and No. */
const SAID: Readonly<Record<OwnWrite['side'], Readonly<Record<string, string>>>> = {
  emarketeer: { true: 'consent', false: 'withdrawn' },
  crm: { true: 'allow', false: 'deny' },
}
