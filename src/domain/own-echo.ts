import type { ToggleValue } from './reconcile/types.js'

/**
 * What a CRM's event tells if our own user caused it directly and it carries one synced value and nothing else. A write
 * of ours looks like this; so does whatever else acts under our user.
 */
export interface OwnWrite {
  readonly value: ToggleValue
  /** The event is the row's creation. */
  readonly creates: boolean
}

/** The row of such an event in our copy. */
export interface CopiedValue {
  /** The contact that the row belongs to; a contact's own id. */
  readonly contactId: string
  /** A live contact, or a row that no merge left behind. */
  readonly counts: boolean
  /** null: unreadable. */
  readonly value: string | null
  /** The copy has the value from the answer to our write, and no other version has been read since. */
  readonly writtenByUs: boolean
}

/**
 * Whether an event only repeats what our copy has from a write of ours, so that reading the row would tell nothing
 * about this event. Any doubt is a no. It says nothing about later events: each of them comes by itself.
 *
 * We write a value only over another one that the copy has, on the condition that the row has not moved. So while a
 * write of this value is under way the copy does not have the value, and the event is not an echo. Our copy knows a
 * row's id only by reading it, so after its creation, whoever wrote it last.
 *
 * @param contactId the contact that the event names; null: none.
 * @param copied undefined: our copy does not have the row.
 */
export function isEcho(
  event: OwnWrite,
  contactId: string | null,
  copied: CopiedValue | undefined,
): boolean {
  return (
    copied !== undefined &&
    copied.counts &&
    copied.value === event.value &&
    (event.creates || copied.writtenByUs) &&
    (contactId === null || contactId === copied.contactId)
  )
}
