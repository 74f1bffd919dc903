import { addressKey, addressOrText } from '../../domain/email-address.js'
import { emarketeerSpelling } from '../../emarketeer/index.js'

/** The address of an eMarketeer contact in the copy. */
export interface SpelledAddress {
  /** Text of the row in `addresses`: the address key, or any other content of the field. */
  readonly address: string
  /**
   * eMarketeer's spelling, if a request for `address` would not find the contact. Such a contact is requested by id.
   */
  readonly spelling: string | null
}

/** Reads eMarketeer's address field; null: it is empty. */
export function spelledAddressOf(email: string | null): SpelledAddress | null {
  const address = addressOrText(email)
  if (address === null) {
    return null
  }
  const spelling = emarketeerSpelling(email)
  const isFound = spelling === address && addressKey(address) !== null
  return { address, spelling: isFound ? null : spelling }
}
