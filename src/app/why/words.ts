import { categoryIdOf, type CellKey } from '../../domain/cell-key.js'
import { tenantKeyOf } from '../../domain/tenant-basis.js'
import type { ExclusionReason } from '../../domain/exclusion-reason.js'
import type { Trigger } from '../../contracts/names.js'
import type { RecordedConsentEvent } from '../../ledger/evidence/consent-events.js'

/** Values of both sides, in the words on the screens of eMarketeer and the CRMs. */
const VALUES: Readonly<Record<string, string>> = {
  consent: 'Consent',
  legitimateInterest: 'Legitimate interest',
  contract: 'Contract',
  requiredByLaw: 'Required by law',
  vitalInterests: 'Vital interests',
  publicInterest: 'Public interest',
  withdrawn: 'Withdrawn',
  none: 'None',
  unreadable: 'Unreadable',
  allow: 'Allow',
  deny: 'Do not allow',
}

/** The words for the values of a subscription. */
const SUBSCRIPTION_VALUES: Readonly<Record<string, string>> = {
  consent: 'Yes',
  allow: 'Yes',
  withdrawn: 'No',
  deny: 'No',
}

/** A stored value as text. Several records that differ are joined by `+`, and an empty text means no record. */
export function valueWord(cellKey: CellKey, value: string): string {
  if (value === '') {
    return 'no record'
  }
  const subscription = categoryIdOf(cellKey) !== null
  return value
    .split('+')
    .map((part) => (subscription ? SUBSCRIPTION_VALUES[part] : undefined) ?? basisWord(part))
    .join(' and ')
}

function basisWord(value: string): string {
  const key = tenantKeyOf(value)
  return key === null ? (VALUES[value] ?? value) : `the tenant's own basis ${key}`
}

/** The subject of a cell. @param names category id → name, where known. */
export function cellWord(cellKey: CellKey, names: ReadonlyMap<string, string>): string {
  const categoryId = categoryIdOf(cellKey)
  if (categoryId !== null) {
    return `Subscription “${names.get(categoryId) ?? categoryId}”`
  }
  return cellKey === 'storeAndProcess' ? 'Store and process' : 'Marketing sendouts'
}

/** What triggered a pass. */
export const TRIGGER_LABELS: Readonly<Record<Trigger, string>> = {
  setup: 'set-up',
  webhook: 'a webhook',
  sweep: 'the sweep',
  preSend: 'a pre-send check',
  manual: 'a resync by hand',
}

/** The reasons of the send gate. */
export const EXCLUSION_WORDS: Readonly<Record<ExclusionReason, string>> = {
  notVerified: 'the present state could not be verified on both sides',
  deletedInCrm: 'the person was in the CRM and is not any more',
  storeNotAllowed: 'storing and processing is not allowed',
  consentWithdrawn: 'the consent is withdrawn on one side, or a withdrawal is on its way',
  noLegalBasis: 'eMarketeer has no positive legal basis, or the CRM none that counts',
  unsubscribedFromCategory: 'the person does not subscribe to the category',
  addressInvalid: 'the address is missing, or cannot be mailed',
  duplicateAddress: 'another contact with the same address is mailed instead',
}

type DecidedEvent = Pick<
  RecordedConsentEvent,
  'line' | 'inputs' | 'emarketeerNew' | 'emarketeerOld'
>

const PROOF_WORDS = {
  version: ', proven by the versions of both sides',
  stamp: ', proven by the CRM’s own history',
  none: '',
} as const

/** A sentence on the rule's line that decided (docs/reconciliation.md). */
export function ruleSentence(event: DecidedEvent): string {
  return `Rule ${event.line}: ${lineWords(event)}.`
}

function lineWords({ line, inputs, emarketeerNew, emarketeerOld }: DecidedEvent): string {
  const proof = PROOF_WORDS[inputs.proof]
  switch (line) {
    case 'T1':
      return 'both sides said the same; a CRM record that differed from the others was brought in line'
    case 'T2':
      return inputs.laterEmarketeer
        ? `eMarketeer allowed and the CRM denied; the act in eMarketeer is the later one${proof}, so the CRM follows`
        : inputs.crmMoved === true && inputs.emarketeerMoved === false
          ? 'the CRM was changed to a deny and eMarketeer was not touched since, so eMarketeer follows'
          : 'eMarketeer allowed and the CRM denied, and nothing proves the allow to be later, so the deny stands'
    case 'T3':
      return inputs.laterCrm
        ? `eMarketeer denied and the CRM was set to allow later${proof}, so eMarketeer follows`
        : inputs.emarketeerMoved === true && inputs.crmMoved === false
          ? 'eMarketeer was changed to a deny and the CRM was not touched since, so the CRM follows'
          : 'eMarketeer denied and the CRM allowed, and nothing proves the allow to be later, so the deny stands'
    case 'T4':
      return emarketeerNew === 'withdrawn'
        ? 'eMarketeer had nothing recorded and the CRM denied: a deny always crosses'
        : `eMarketeer had nothing recorded and the CRM was set to allow${proof}`
    case 'R0':
      return 'our own write may have covered a person’s answer in the CRM, so both sides are withdrawn'
    case 'R1':
      return 'both sides said the same'
    case 'R2':
      return emarketeerNew === 'withdrawn'
        ? 'one side had nothing recorded and the other was withdrawn: a withdrawal always crosses'
        : 'one side had nothing recorded; the basis that a person set on the other crosses'
    case 'R3':
      return inputs.laterEmarketeer || inputs.laterCrm
        ? `one side was withdrawn and the other was not; the later act wins${proof}`
        : 'one side was withdrawn and the other was not, and nothing proves which is later, so the withdrawal stands'
    case 'R5':
      return 'the CRM holds a basis of the tenant’s own that the connection file does not map; only a withdrawal is written over it'
    case 'R4':
      return inputs.laterEmarketeer || inputs.laterCrm
        ? `the two bases differed; the later act wins${proof}`
        : emarketeerNew === emarketeerOld
          ? 'the two bases differed, and nothing proves which is later; eMarketeer’s stays'
          : 'the two bases differed, and nothing proves which is later; the CRM’s more specific one stays'
  }
}

/**
 * Why the time of the CRM's row proved nothing, if it was considered (docs/reconciliation.md, "Stamps of SuperOffice").
 */
const ROW_TIME_WORDS: Readonly<
  Record<NonNullable<DecidedEvent['inputs']['rowTime']>, string | null>
> = {
  counts:
    'The time of the CRM’s row is too close to the act in eMarketeer to tell which was later.',
  unknown:
    'The time of the CRM’s row does not count: not a user’s, not comparable, or switched off (lbsync connection show).',
  firstLink:
    'At a first link the time of the CRM’s row may be that of a card that was saved: it proves no later act in the CRM.',
  writtenAgain:
    'The CRM’s row was written more than once, or without another value, since it was last read: its time may be that of ' +
    'a card that was saved, and proves no later act in the CRM.',
  notCounted:
    'It is not known that this CRM counts every write once, so that the time of its row proves no later act there ' +
    '(lbsync connection show).',
}

/** What else influenced the decision, besides the two values. */
export function circumstances({ line, inputs }: DecidedEvent): readonly string[] {
  return [
    inputs.carriedDeny
      ? 'A deny that follows the person here (from a merged record, or from an address left behind) counted.'
      : null,
    inputs.inheritedDeny ? 'The deny of a CRM record that has left this address counted.' : null,
    inputs.recordSetChanged
      ? 'CRM records had joined or left this address, which proves nothing about who acted later.'
      : null,
    // Only relevant if the values differed and nothing proved which was later.
    (line === 'R3' || line === 'R4') && inputs.proof === 'none' && inputs.rowTime !== undefined
      ? ROW_TIME_WORDS[inputs.rowTime]
      : null,
    inputs.seenEpochIsCurrent ? null : 'There was no earlier observation to compare with.',
  ].filter((sentence) => sentence !== null)
}
