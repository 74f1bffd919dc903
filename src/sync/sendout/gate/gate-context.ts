import type { WaitingDenies } from '../../../ledger/run/inbox.js'
import type { CrmCapabilities } from '../../../crm/crm.js'
import type { BasisMapping } from '../../../domain/tenant-basis.js'
import type { SendoutRun } from '../../../ledger/sendout/sendouts.js'
import type { AddressView, BatchView } from '../../view/address-view.js'

/** What the gate asks beside the addresses themselves. */
export interface GateContext extends WaitingDenies {
  readonly run: SendoutRun
  readonly batch: BatchView
  readonly capabilities: CrmCapabilities | null
  /** Addresses at which a loosening over a deny is held. */
  readonly heldAddresses: ReadonlySet<number>
  /** The addresses that a text names among others, or decorated: their denies count for whoever has it (rule A). */
  readonly namedAt: (textId: number) => readonly AddressView[]
  /** eMarketeer contact → the address it has now; absent: it is gone. */
  readonly currentAddressOf: ReadonlyMap<string, number | null>
  /** Whether what is known must be newer than the sendout (deciding), or was proven then (reading the list). */
  readonly mustBeFresh: boolean
  /** Rich CRMs: what version an insert makes, as set-up measured it. Absent: not measured. */
  readonly firstVersion?: number | null
  /** Rich CRMs: what the connection file makes of the tenant's own bases (C2). */
  readonly basisMapping: BasisMapping
}
