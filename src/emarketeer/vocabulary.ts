import type { LegalBasis } from '../domain/legal-basis.js'

/**
 * Words of eMarketeer's sync feed (docs/wire-emarketeer.md, vocabulary).
 *
 * Sources are kept as texts: eMarketeer adds new ones, and all that the rule asks of them is whether a CRM wrote it.
 */

/** How this service names itself in writes; a change with this writer is our own echo. */
export const SYNC_CLIENT_ID = 'legal-basis-sync'

/**
 * A legal basis as read. `unreadable` stands for a text outside the vocabulary: it belongs to that one value, so the
 * others of the batch live on; it is never written back, and the send gate counts it as not verified.
 */
export type ReadLegalBasis = LegalBasis | 'unreadable'

/** Who acted. `name` is personal data of a user: it goes into the consent event, never into a log. */
export interface Actor {
  readonly type: 'dataSubject' | 'user' | 'crmUser' | 'system'
  readonly id: string | null
  readonly name: string | null
}

/** Who wrote through the bulk write (B4); null for every other change. */
export interface Writer {
  readonly clientId: string
}

/** Every type a feed item can have (B2). */
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

/** One of {@link CHANGE_TYPES}. */
export type ChangeType = (typeof CHANGE_TYPES)[number]

/** Whether a state's or change's source is a CRM: then it is nobody's act in eMarketeer (docs/reconciliation.md). */
export function isCrmSource(source: string | null): boolean {
  return source !== null && source.startsWith('crm')
}

/** Whether a change is the echo of a write of this service. */
export function isOwnEcho(change: { readonly writer: Writer | null }): boolean {
  return change.writer?.clientId === SYNC_CLIENT_ID
}
