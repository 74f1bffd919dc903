import { isPositive, type LegalBasis } from './legal-basis.js'
import { isValidEmail } from './email-address.js'
import type { ExclusionReason } from './exclusion-reason.js'

/**
 * A CRM record's verdict on marketing sendouts. `silent`: it has no basis that counts, because none is recorded or the
 * tenant's own basis is not mapped (C2).
 */
export type CrmVerdict = 'allows' | 'denies' | 'silent' | 'unreadable'

/**
 * What a live record at the address says of marketing sendouts. The oldest record must itself allow; of a younger one
 * only a deny counts (C5).
 * @param value a toggle's or a rich record's value, as read.
 * @param isBasis whether the value counts as a legal basis (C2); only asked of an oldest record.
 */
export function crmVerdictOf(value: string, isOldest: boolean, isBasis: () => boolean): CrmVerdict {
  if (value === 'deny' || value === 'withdrawn') {
    return 'denies'
  }
  return isOldest && (value === 'none' || !isBasis()) ? 'silent' : 'allows'
}

/** The CRM's side of one targeted contact. */
export interface GateCrm {
  /** Whether the records were read or proven after the sendout began to fix its audience. */
  readonly verified: boolean
  /** Live records at the address. */
  readonly records: readonly CrmVerdict[]
  /** Subscription rows of the sendout's category: null if unreadable; empty if there is no row. */
  readonly subscriptions: readonly (boolean | null)[]
  /** A live record has storeAndProcess withdrawn (CRMs that hold it). */
  readonly storeWithdrawn: boolean
  /** R0: our own write may have overwritten a person's answer. */
  readonly inDoubt: boolean
  /** A deny waits in the inbox, follows the person from elsewhere, or would be overruled by a held loosening (G7). */
  readonly denyWaiting: boolean
  /** The address was once linked and has no live record now: excluded until eMarketeer records a new act (G8). */
  readonly ended: boolean
}

/** eMarketeer's state of a text that contains the address (rule A): its denies count. */
export interface GateMention {
  readonly verified: boolean
  readonly marketing: LegalBasis | 'unreadable'
  readonly store: LegalBasis | 'unreadable'
  /** null: not known. */
  readonly subscribed: boolean | null
}

/** Everything that decides one targeted contact (docs/reconciliation.md, the send gate). */
export interface GateFacts {
  readonly channel: 'email' | 'sms'
  /** The address that the sendout would use; null: none, or a text that is not exactly one. */
  readonly email: string | null
  /** The contact's address field is empty: there is nothing at which eMarketeer or the CRM could hold a value. */
  readonly addressMissing: boolean
  readonly mobile: string | null
  /** Transactional sendouts ask neither consent nor category. */
  readonly transactional: boolean
  readonly asksCategory: boolean
  readonly emarketeer: {
    /** Whether its state is known as of a moment after the sendout began to fix its audience. */
    readonly verified: boolean
    readonly marketing: LegalBasis | 'unreadable'
    readonly store: LegalBasis | 'unreadable'
    /** null: not known. */
    readonly subscribed: boolean | null
    /** The contact has another address now. */
    readonly moved: boolean
    readonly mentions: readonly GateMention[]
  }
  /** null: there is no CRM, or the contact was never in it; eMarketeer alone decides. */
  readonly crm: GateCrm | null
}

/** International or national, with the usual separators. */
const MOBILE = /^\+?[0-9][0-9 ()./-]{4,22}$/

/**
 * The send gate: whether one targeted contact may be mailed. Pure, and closed by default: a contact passes only if
 * everything is known to allow it. `duplicateAddress` is decided over the complete list, not here.
 *
 * @returns null if the contact is eligible, else the first reason that fits (rule G4).
 */
export function excludedBecause(facts: GateFacts): ExclusionReason | null {
  const { emarketeer, crm } = facts
  // Consent belongs to the address. Without one, an e-mail lacks the address and not the basis; an SMS lacks the basis (G8).
  const asksConsent = !facts.transactional && !(facts.channel === 'email' && facts.addressMissing)
  const mentionsVerified = emarketeer.mentions.every((mention) => mention.verified)
  if (!emarketeer.verified || !mentionsVerified || (crm && !crm.verified)) {
    return 'notVerified'
  }
  return (
    unreadable(facts) ??
    (crm?.ended ? 'deletedInCrm' : null) ??
    storeDenies(facts) ??
    (asksConsent ? (consentDenies(facts) ?? categoryDenies(facts)) : null) ??
    addressDenies(facts)
  )
}

function unreadable({
  emarketeer,
  crm,
  transactional,
  asksCategory,
}: GateFacts): ExclusionReason | null {
  const states = [emarketeer, ...emarketeer.mentions]
  const marketing =
    states.some((state) => state.marketing === 'unreadable') ||
    (crm?.records ?? []).includes('unreadable')
  const category =
    asksCategory &&
    (states.some((state) => state.subscribed === null) || (crm?.subscriptions ?? []).includes(null))
  const store = states.some((state) => state.store === 'unreadable')
  return store || (!transactional && (marketing || category)) ? 'notVerified' : null
}

function storeDenies({ emarketeer, crm }: GateFacts): ExclusionReason | null {
  const denied = [emarketeer, ...emarketeer.mentions].some((state) => state.store === 'withdrawn')
  return denied || crm?.storeWithdrawn ? 'storeNotAllowed' : null
}

function consentDenies({ emarketeer, crm, channel, email }: GateFacts): ExclusionReason | null {
  const denied =
    [emarketeer, ...emarketeer.mentions].some((state) => state.marketing === 'withdrawn') ||
    (crm !== null && (crm.records.includes('denies') || crm.inDoubt || crm.denyWaiting))
  if (denied) {
    return 'consentWithdrawn'
  }
  const positive = emarketeer.marketing !== 'unreadable' && isPositive(emarketeer.marketing)
  const silent = crm?.records.includes('silent') ?? false
  return positive && !silent && !(channel === 'sms' && email === null) ? null : 'noLegalBasis'
}

function categoryDenies({ emarketeer, crm, asksCategory }: GateFacts): ExclusionReason | null {
  const no =
    [emarketeer, ...emarketeer.mentions].some((state) => state.subscribed !== true) ||
    (crm?.subscriptions ?? []).includes(false)
  return asksCategory && no ? 'unsubscribedFromCategory' : null
}

function addressDenies(facts: GateFacts): ExclusionReason | null {
  const { channel, email, addressMissing, mobile, emarketeer } = facts
  // The verdict is about the address that the sendout names and does not hold for another one.
  const usable =
    !emarketeer.moved &&
    (channel === 'email'
      ? !addressMissing && email !== null && isValidEmail(email)
      : mobile !== null && MOBILE.test(mobile.trim()))
  return usable ? null : 'addressInvalid'
}
