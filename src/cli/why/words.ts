import { categoryIdOf, type CellKey } from '../../domain/cell-key.js'
import { tenantKeyOf } from '../../domain/tenant-basis.js'
import type { ExclusionReason } from '../../domain/exclusion-reason.js'
import type { Trigger } from '../../contracts/names.js'

/** Values of both sides as the screens of eMarketeer and the CRMs name them. */
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

/** A subscription is the same vocabulary with other words. */
const SUBSCRIPTION_VALUES: Readonly<Record<string, string>> = {
  consent: 'Yes',
  allow: 'Yes',
  withdrawn: 'No',
  deny: 'No',
}

/** A stored value in words; several records that differ are joined by `+`, and no record at all is an empty text. */
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

/** What a cell is about. @param names category id → name, where known. */
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

/** Why the send gate excludes. */
export const EXCLUSION_WORDS: Readonly<Record<ExclusionReason, string>> = {
  notVerified: 'the present state could not be verified on both sides',
  deletedInCrm: 'the person was in the CRM and is not any more',
  storeNotAllowed: 'storing and processing is not allowed',
  consentWithdrawn: 'the consent is withdrawn on one side, or a withdrawal is on its way',
  noLegalBasis: 'eMarketeer has no positive legal basis, or the CRM none that counts',
  unsubscribedFromCategory: 'the person does not subscribe to the category',
  addressInvalid: 'the address cannot be mailed',
  duplicateAddress: 'another contact with the same address is mailed instead',
}
