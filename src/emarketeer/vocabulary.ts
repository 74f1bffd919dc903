import type { LegalBasis } from '../domain/legal-basis.js'

/**
 * Words of eMarketeer's sync feed (docs/wire-emarketeer.md, vocabulary). Sources are texts, because eMarketeer adds new
 * ones and the rule only asks whether a CRM wrote a value.
 */

/** This service's name in writes. A change with this writer is our own echo. */
export const SYNC_CLIENT_ID = 'legal-basis-sync'

/**
 * A legal basis as read. `unreadable` is a text outside the vocabulary. It affects only that value and is never written
 * back; at the send gate it counts as not verified.
 */
export type ReadLegalBasis = LegalBasis | 'unreadable'

/** Who acted. `name` is a user's personal data. It is stored in the consent event and never logged. */
export interface Actor {
  readonly type: 'dataSubject' | 'user' | 'crmUser' | 'system'
  readonly id: string | null
  readonly name: string | null
}

/** Who wrote through the bulk write (EM-B4); null for every other change. */
export interface Writer {
  readonly clientId: string
}

/** Every type of a feed item (EM-B2). */
export const CHANGE_TYPES = [
  'consent.changed',
  'subscription.changed',
  'contact.created',
  'contact.email_changed',
  'contact.deleted',
  'category.created',
  'category.renamed',
  'category.archived',
] as const

export type ChangeType = (typeof CHANGE_TYPES)[number]

/** Whether a CRM is the source of a state or change: then nobody acted in eMarketeer (docs/reconciliation.md). */
export function isCrmSource(source: string | null): boolean {
  return source !== null && source.startsWith('crm')
}

/** Whether a change is the echo of our own write. */
export function isOwnEcho(change: { readonly writer: Writer | null }): boolean {
  return change.writer?.clientId === SYNC_CLIENT_ID
}
