import type { Account } from './account.js'
import type { Address } from './contacts.js'
import { currentValue, setValue } from './set-value.js'
import type { Actor, Basis, ValueKey } from './values.js'

/** A person's or user's decision, outside the bulk write. */
export interface Act {
  readonly key: ValueKey
  readonly value: Basis | boolean
  readonly source: string
  readonly actor: Actor
  readonly eventTimeMs: number
  readonly text?: string | null | undefined
  readonly comment?: string | null | undefined
  readonly silent?: boolean | undefined
}

/**
 * Records a decision. A consent older than the present one is added to the history only. An equal subscription is not a
 * change, but a consent given again is one (a renewed decision).
 * @returns the change's id, or null.
 */
export function act(account: Account, address: Address, decision: Act): string | null {
  const present = currentValue(address, decision.key)
  if (typeof decision.value === 'boolean') {
    if (present.value === decision.value) {
      return null
    }
  } else if (present.stored !== null && decision.eventTimeMs < present.stored.eventTimeMs) {
    return null
  }
  return setValue(account, address, decision.key, decision).id
}
