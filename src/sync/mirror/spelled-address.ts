import { addressKey, addressOrText } from '../../domain/email-address.js'
import { emarketeerSpelling } from '../../emarketeer/index.js'

/** Where a contact of eMarketeer stands in our copy. */
export interface SpelledAddress {
  /** Text of the row in `addresses`: the key of its address, or what else the field holds. */
  readonly address: string
  /** How eMarketeer compares it, where asking for `address` would not find it: asked for by id then. */
  readonly spelling: string | null
}

/** The place of whoever has this in eMarketeer's address field; null: nobody's. */
export function spelledAddressOf(email: string | null): SpelledAddress | null {
  const address = addressOrText(email)
  if (address === null) {
    return null
  }
  const spelling = emarketeerSpelling(email)
  const isFound = spelling === address && addressKey(address) !== null
  return { address, spelling: isFound ? null : spelling }
}
