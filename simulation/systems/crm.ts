import type { CrmCapabilities, CrmClient } from '../../src/crm/crm.js'
import type { CrmSource } from '../../src/contracts/names.js'
import type { OwnWrite } from './emarketeer.js'
import type { Wire } from './wire.js'

/** A record of a CRM. */
export interface CrmRecord {
  readonly id: string
  readonly email: string | null
}

/** What a user says in a CRM. A toggle knows two answers. */
export type Answer = 'deny' | 'consent' | 'other'

/** A change, for whoever posts webhooks. */
export interface CrmChange {
  readonly entity: 'contact' | 'subscription'
  readonly id: string
  readonly contactId: string
  readonly byUs: boolean
  readonly denies: boolean
  /** Addresses that it sets. */
  readonly addresses: readonly string[]
}

/** A CRM in memory, with what its users do. A cell is a purpose, or `c:` and a category. */
export interface MemoryCrm {
  readonly name: string
  readonly capabilities: CrmCapabilities
  readonly source: CrmSource
  readonly writes: readonly OwnWrite[]
  onChange: (change: CrmChange) => void
  /** An answer that stood on a row of its own is gone with it; absent where every answer stands on its person. */
  onAnswerGone?: (id: string) => void
  client(wire: Wire): CrmClient
  /** It no longer knows the cursors that it gave. */
  expireCursors(): void
  liveAt(email: string): readonly CrmRecord[]
  /** @returns the record. */
  add(email: string, denies: boolean): CrmRecord
  /** What the record holds: `allow` or `deny`, a basis, `true` or `false`; null: no row. */
  value(record: CrmRecord, cell: string): string | null
  /** What a ghost calls the record's answer in a cell. */
  answerId(record: CrmRecord, cell: string): string | null
  /** A user answers. @returns whether that changed anything. */
  say(record: CrmRecord, cell: string, answer: Answer): boolean
  /** Whether the value that it holds was set by a user, and denies. */
  wasDenied(record: CrmRecord, cell: string): boolean
  /** Something else on the record is saved. */
  edit(record: CrmRecord): void
  remove(record: CrmRecord): void
  deactivate(record: CrmRecord): void
  /** One that was deactivated at an address comes back. @returns which. */
  reactivateAt(email: string): CrmRecord | null
  move(record: CrmRecord, to: string): void
  merge(loser: CrmRecord, winner: CrmRecord): void
}

/** Ids that were asked for and are not among the found ones; none if addresses were asked for. */
export function missingOf(
  request: Parameters<CrmClient['read']>[0],
  foundIds: ReadonlySet<string>,
): string[] {
  return request.by === 'contactId' ? request.contactIds.filter((id) => !foundIds.has(id)) : []
}

/** The generation and the last change of a cursor; null: from the beginning, in the present generation. */
export function sinceOf(cursor: string | null, generation: number): [number, number] {
  return cursor === null ? [generation, -1] : (cursor.split('-').map(Number) as [number, number])
}
