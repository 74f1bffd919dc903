/** The values of an address, and how they are stored: a value that was never set takes no space. */

/** Purposes that the sync feed shows in states. */
export const SYNCED_PURPOSES = ['storeAndProcess', 'marketingSendouts'] as const
/** All purposes; `profiling` appears in the feed only. */
export const PURPOSES = [...SYNCED_PURPOSES, 'profiling'] as const
export const BASES = [
  'consent',
  'legitimateInterest',
  'contract',
  'requiredByLaw',
  'vitalInterests',
  'publicInterest',
  'withdrawn',
  'none',
] as const

export type Purpose = (typeof PURPOSES)[number]
export type Basis = (typeof BASES)[number]

export interface Actor {
  readonly type: 'dataSubject' | 'user' | 'crmUser' | 'system'
  readonly id: string | null
  readonly name: string | null
}

/** Who wrote through the bulk write. */
export interface Writer {
  readonly clientId: string
  readonly idempotencyKey: string
}

/** One value: a basis, or yes/no of a subscription. Immutable, so that seeded contacts can share it. */
export interface StoredValue {
  readonly value: Basis | boolean
  readonly version: number
  readonly eventTimeMs: number
  readonly recordedAtMs: number
  readonly source: string
  readonly actor: Actor | null
  readonly text: string | null
  readonly comment: string | null
}

/** A purpose, or `c:` and the id of a category. */
export type ValueKey = Purpose | `c:${string}`

export function categoryKey(categoryId: string): ValueKey {
  return `c:${categoryId}`
}

/** The category of a key, or null for a purpose. */
export function categoryOf(key: ValueKey): string | null {
  return key.startsWith('c:') ? key.slice(2) : null
}

/** ISO time, or null. */
export function iso(timeMs: number): string {
  return new Date(timeMs).toISOString()
}
