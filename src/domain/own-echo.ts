import type { ToggleValue } from './reconcile/types.js'

/**
 * The content of a CRM's event that our own user caused directly and that carries one synced value and nothing else. A
 * write of ours looks like this, and so does anything else that acts under our user.
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
 * Whether an event only repeats what our copy has from a write of ours, so that reading the row would show nothing new.
 * False in any doubt. Later events are judged on their own.
 *
 * We write a value only over another value of the copy, on the condition that the row is unchanged. So the copy does
 * not have the value while a write of it is in progress, and the event is not an echo. Our copy learns a row's id only
 * by reading the row, so only after its creation, whoever wrote it last.
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
