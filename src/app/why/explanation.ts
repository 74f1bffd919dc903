import { isDeny } from '../../domain/reconcile/index.js'
import type { CellKey } from '../../domain/cell-key.js'
import type { ExclusionReason } from '../../domain/exclusion-reason.js'
import type { PositiveBasis } from '../../domain/legal-basis.js'
import { tenantKeyOf } from '../../domain/tenant-basis.js'
import type { RecordedConsentEvent } from '../../ledger/evidence/consent-events.js'
import { storyOf, type EventStory } from './event-story.js'
import { cellWord, EXCLUSION_WORDS, valueWord } from './words.js'

/** One value on both sides, from our copy. */
export interface CellState {
  readonly cell: CellKey
  /** Whether it is synced with this CRM: `storeAndProcess` is not synced with Dynamics (B8). */
  readonly synced: boolean
  readonly emarketeer: {
    readonly value: string
    /** When it was recorded there (ISO UTC). */
    readonly since: string | null
    readonly source: string | null
    readonly actor: string | null
  }
  readonly crm: readonly {
    readonly recordId: string
    readonly value: string
    /** A deny that follows the person counts, although the record shows another value (F5). */
    readonly carriedDeny: boolean
    /** For a basis that the tenant created (C2): the basis that the connection file maps it to; null: none. */
    readonly standsFor?: PositiveBasis | null
  }[]
  /** A record with a deny, or with a possible deny, has left, and eMarketeer does not have that deny yet (F5). */
  readonly departedDeny: boolean
  /** A loosening that waits: staged, held, approved, rejected; null: none. */
  readonly loosening: string | null
}

/** The facts that `why` explains. */
export interface WhyFacts {
  readonly connectionId: string
  readonly email: string
  readonly asOf: { readonly emarketeer: string | null; readonly crm: string | null }
  readonly emarketeerContactId: string | null
  readonly crmContactIds: readonly string[]
  readonly cells: readonly CellState[]
  /** The key of the connection file that maps the tenant's own bases (C2); null: the CRM has none. */
  readonly basisMappingKey: string | null
  readonly categoryNames: ReadonlyMap<string, string>
  /**
   * How many CRM records at the address are withdrawn and how many are not, for each purpose where they disagree (C5).
   */
  readonly disagreements: readonly {
    readonly purpose: CellKey
    readonly withdrawn: number
    readonly others: number
  }[]
  /**
   * CRM records that have this as a secondary address (C5), or have it in a field that links nobody or is not the
   * address field (`denyOnly`; rules A, B8), and the purposes that they are withdrawn for.
   */
  readonly secondaryHolders: readonly {
    readonly recordId: string
    readonly denyOnly: boolean
    readonly withdrawn: readonly CellKey[]
  }[]
  /** Address fields in eMarketeer that contain it and link nobody (A), and what is withdrawn there. */
  readonly mentions: readonly { readonly withdrawn: readonly CellKey[] }[]
  /** The send gate's answer from what is known now; null: eligible. */
  readonly excluded: ExclusionReason | null
  readonly events: readonly RecordedConsentEvent[]
}

/** The answer of `why`. It is the only command besides the lists that names an address: the one asked for. */
export interface Explanation {
  readonly connectionId: string
  readonly email: string
  readonly asOf: WhyFacts['asOf']
  readonly emarketeerContactId: string | null
  readonly crmContactIds: readonly string[]
  readonly state: readonly (CellState & { readonly sentences: readonly string[] })[]
  readonly gate: {
    readonly eligible: boolean
    readonly reason: ExclusionReason | null
    readonly sentence: string
  }
  readonly events: readonly EventStory[]
  /** How a wrong withdrawal is undone; null if nothing is withdrawn. */
  readonly wayBack: string | null
}

/** Explains a contact's state. Pure. */
export function explain(facts: WhyFacts): Explanation {
  const { connectionId, email, asOf, emarketeerContactId, crmContactIds, excluded } = facts
  return {
    connectionId,
    email,
    asOf,
    emarketeerContactId,
    crmContactIds,
    state: facts.cells.map((cell) => ({ ...cell, sentences: stateSentences(cell, facts) })),
    gate: { eligible: excluded === null, reason: excluded, sentence: gateSentence(excluded) },
    events: facts.events.map((event) => storyOf(event, facts.categoryNames)),
    wayBack: facts.cells.some(denies) ? WAY_BACK : null,
  }
}

const WAY_BACK =
  'If a withdrawal here is wrong: a new act by the person, or by a user in either system, brings the contact back. ' +
  'Nothing else does.'

const DEPARTED_DENY =
  'A CRM record that denied, or whose deny our write may hide, has left this address. eMarketeer does not have this ' +
  'deny yet, so nothing is sent here.'

function stateSentences(state: CellState, facts: WhyFacts): readonly string[] {
  const { cell, emarketeer, crm, departedDeny, loosening } = state
  const since = emarketeer.since === null ? '' : ` since ${emarketeer.since}`
  const by = emarketeer.source === null ? '' : `, source ${emarketeer.source}`
  const inEmarketeer =
    facts.emarketeerContactId === null
      ? 'eMarketeer: nobody there'
      : `eMarketeer: ${valueWord(cell, emarketeer.value)}${since}${by}`
  const records = crm.map(
    ({ recordId, value, carriedDeny }) =>
      `${valueWord(cell, value)}${carriedDeny ? ', but a deny follows the person here' : ''} (${recordId})`,
  )
  return [
    `${cellWord(cell, facts.categoryNames)}. ${inEmarketeer}. ` +
      `CRM: ${!state.synced ? 'not synced' : records.length === 0 ? 'no record' : records.join('; ')}.`,
    ...(departedDeny ? [DEPARTED_DENY] : []),
    ...crm.flatMap((record) => ownBasisSentence(cell, record, facts.basisMappingKey)),
    ...(loosening === null ? [] : [looseningSentence(loosening)]),
    ...facts.disagreements.filter(({ purpose }) => purpose === cell).map(disagreementSentence),
    ...facts.secondaryHolders
      .filter(({ withdrawn }) => withdrawn.includes(cell))
      .map(
        ({ recordId, denyOnly }) =>
          `Also ${denyOnly ? 'named in another or a decorated field' : 'a further address'} of CRM record ${recordId}, ` +
          'which is withdrawn; so nothing is sent here.',
      ),
    ...(facts.mentions.some(({ withdrawn }) => withdrawn.includes(cell))
      ? [
          'Also named in the address field of a contact in eMarketeer that holds several or decorated addresses and is ' +
            'withdrawn; so nothing is sent here.',
        ]
      : []),
  ]
}

function disagreementSentence({ withdrawn, others }: WhyFacts['disagreements'][number]): string {
  return (
    `The CRM's records of this address disagree: ${withdrawn} withdrawn, ${others} not. Nothing loosens a withdrawn ` +
    'one, and nothing is sent until somebody decides in the CRM.'
  )
}

/** What happens to a basis that the tenant created (C2). */
function ownBasisSentence(
  cell: CellKey,
  { recordId, value, standsFor }: CellState['crm'][number],
  mappingKey: string | null,
): readonly string[] {
  const key = tenantKeyOf(value)
  if (key === null) {
    return []
  }
  const made = `${key} of CRM record ${recordId} is a basis that the tenant made`
  return [
    standsFor
      ? `${made}; ${mappingKey} says that it stands for ${valueWord(cell, standsFor)}.`
      : `${made}, and ${mappingKey} does not map it: it is neither synced nor mailed, and only a withdrawal in ` +
        'eMarketeer is written over it.',
  ]
}

function looseningSentence(state: string): string {
  switch (state) {
    case 'held':
      return 'A change that would make the contact mailable is held for approval (lbsync held).'
    case 'rejected':
      return (
        'A change that would make the contact mailable was rejected (lbsync held); nothing is written until somebody ' +
        'acts in either system.'
      )
    case 'approved':
      return 'A change that makes the contact mailable is approved, and not written yet.'
    default:
      return 'A change that would make the contact mailable waits for the end of its run.'
  }
}

function gateSentence(excluded: ExclusionReason | null): string {
  return excluded === null
    ? 'A marketing e-mail would be sent, unless its category says No; a sendout reads both sides again first.'
    : `No marketing e-mail would be sent: ${EXCLUSION_WORDS[excluded]} (${excluded}).`
}

function denies({ emarketeer, crm, departedDeny }: CellState): boolean {
  return (
    departedDeny || isDeny(emarketeer) || crm.some((record) => record.carriedDeny || isDeny(record))
  )
}
