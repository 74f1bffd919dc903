import type { CrmCapabilities, CrmClient } from '../../src/crm/crm.js'
import type { CrmSource } from '../../src/contracts/names.js'
import type { OwnWrite } from './emarketeer.js'
import type { Wire } from './wire.js'

/** A record of a CRM. */
export interface CrmRecord {
  readonly id: string
  readonly email: string | null
}

/** What a user answers in a CRM. A toggle has two answers. */
export type Answer = 'deny' | 'consent' | 'other'

/** A change, for the sender of webhooks. */
export interface CrmChange {
  readonly entity: 'contact' | 'subscription'
  readonly id: string
  readonly contactId: string
  readonly byUs: boolean
  /** Whether the change created the row. Default: false. */
  readonly creates?: boolean
  readonly denies: boolean
  /** The addresses that the change sets. */
  readonly addresses: readonly string[]
}

/** A CRM in memory, and what its users do. A cell is a purpose, or `c:` followed by a category. */
export interface MemoryCrm {
  readonly name: string
  readonly capabilities: CrmCapabilities
  readonly source: CrmSource
  readonly writes: readonly OwnWrite[]
  onChange: (change: CrmChange) => void
  /** Called when the CRM has applied a write of ours. */
  onWrite: (write: OwnWrite) => void
  /** Called when an answer on a separate row is deleted with it; absent if every answer is stored on its person. */
  onAnswerGone?: (id: string) => void
  client(wire: Wire): CrmClient
  /**
   * The ledger was restored: a user's change back to a value that the product has forgotten to have replaced looks like a
   * saved card (docs/reconciliation.md, "Limits"). Absent if saving a record writes no answer.
   */
  forgetWrites?(): void
  /** Makes the CRM refuse all earlier cursors. */
  expireCursors(): void
  liveAt(email: string): readonly CrmRecord[]
  /** Adds a record. @returns the record. */
  add(email: string, denies: boolean): CrmRecord
  /** The record's value: `allow` or `deny`, a basis, `true` or `false`; null: no row. */
  value(record: CrmRecord, cell: string): string | null
  /** The ghost's id for the record's answer in a cell. */
  answerId(record: CrmRecord, cell: string): string | null
  /** A user answers, or a plug-in does under our user. @returns whether that changed anything. */
  say(record: CrmRecord, cell: string, answer: Answer, asUs: boolean): boolean
  /** Whether a user set the record's current value, and it denies. */
  wasDenied(record: CrmRecord, cell: string): boolean
  /**
   * Whether a user chose the record's current value. Saving it again does not count, nor does a change back to what we
   * wrote, which looks the same (docs/reconciliation.md, "Limits").
   */
  wasChosen(record: CrmRecord, cell: string): boolean
  /** Saves another field of the record. */
  edit(record: CrmRecord): void
  remove(record: CrmRecord): void
  deactivate(record: CrmRecord): void
  /** Reactivates a record that was deactivated at an address. @returns the record. */
  reactivateAt(email: string): CrmRecord | null
  move(record: CrmRecord, to: string): void
  merge(loser: CrmRecord, winner: CrmRecord): void
}

/** Requested ids that were not found; none if addresses were requested. */
export function missingOf(
  request: Parameters<CrmClient['read']>[0],
  foundIds: ReadonlySet<string>,
): string[] {
  return request.by === 'contactId' ? request.contactIds.filter((id) => !foundIds.has(id)) : []
}

/** The generation and the last change of a cursor; null: from the beginning, in the current generation. */
export function sinceOf(cursor: string | null, generation: number): [number, number] {
  return cursor === null ? [generation, -1] : (cursor.split('-').map(Number) as [number, number])
}
