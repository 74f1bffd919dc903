import type { CellKey } from '../../domain/cell-key.js'
import type { AddressRow } from '../../ledger/address/address-rows.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { AddressMention } from '../../ledger/copy/address-mentions.js'
import type { CategoryRow } from '../../ledger/copy/categories.js'
import type { CellRow } from '../../ledger/copy/cells.js'
import type { StoredCrmContact, StoredCrmSubscription } from '../../ledger/copy/crm-mirror-rows.js'
import type {
  SecondaryHolder,
  SecondaryAddressState,
} from '../../ledger/copy/secondary-addresses.js'
import type { CrmTimes } from '../../ledger/copy/crm-times.js'

/** Everything our copy holds about one address. */
export interface AddressView {
  readonly row: AddressRow
  readonly cells: ReadonlyMap<CellKey, CellRow>
  /** Live records, oldest first. */
  readonly contacts: readonly StoredCrmContact[]
  /** Subscription rows of those records. */
  readonly subscriptions: readonly StoredCrmSubscription[]
  /** Subscription rows of the records that have the address as one at which only a deny counts. */
  readonly denyOnlySubscriptions: readonly StoredCrmSubscription[]
  /** `<contact id> <cell key>` of denies that follow a person. */
  readonly carriedDenies: ReadonlySet<string>
  /** Live records that have it as a further one, or as one at which only a deny counts: each denies while withdrawn (A, C5). */
  readonly secondaryHolders: readonly SecondaryHolder[]
  /** Further addresses of the records, and eMarketeer's state there. */
  readonly secondaryAddresses: readonly SecondaryAddressState[]
  /** Texts in eMarketeer's address fields that name this address, and link nobody: their denies count (A). */
  readonly mentions: readonly AddressMention[]
}

/** A batch of addresses as our copy holds them, and the state of the connection at that moment. */
export interface BatchView {
  readonly connection: ConnectionRow
  /** What was learned about the CRM's times. */
  readonly times: CrmTimes
  readonly categories: readonly CategoryRow[]
  readonly addresses: readonly AddressView[]
}
