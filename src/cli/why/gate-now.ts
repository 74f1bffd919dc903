import { CRM_DRIVERS } from '../../crm/registry.js'
import type { ExclusionReason } from '../../domain/exclusion-reason.js'
import { excludedBecause } from '../../domain/send-gate.js'
import { waitingDeniesOf } from '../../ledger/run/inbox.js'
import { addressesHeldOverDeny } from '../../ledger/run/runs.js'
import type { Queryable } from '../../ledger/db/database.js'
import type { SendoutRun } from '../../ledger/sendout/sendouts.js'
import { basisMappingOf } from '../../connection/basis-mapping.js'
import type { AddressView, BatchView } from '../../sync/view/address-view.js'
import { gateFactsOf } from '../../sync/sendout/gate/gate-facts.js'
import { loadNamed } from '../../sync/sendout/gate/named-views.js'

/**
 * What the send gate says about a marketing e-mail without category, on our copy as it stands: a sendout reads both
 * sides again before it asks.
 *
 * @returns the reason, or null where the contact is eligible.
 */
export async function gateNow(
  db: Queryable,
  batch: BatchView,
  view: AddressView,
): Promise<ExclusionReason | null> {
  const { connection } = batch
  const { addressId, address, emarketeerContactId } = view.row
  const named = await loadNamed(db, connection.connectionId, [addressId], null)
  const contactId = emarketeerContactId ?? ''
  const driver = CRM_DRIVERS.get(connection.crm) ?? null
  const facts = gateFactsOf(
    {
      run: imaginedRun(connection.accountId, connection.connectionId, connection.crm),
      batch,
      capabilities: driver?.capabilities ?? null,
      ...(await waitingDeniesOf(db, connection.connectionId)),
      heldAddresses: await addressesHeldOverDeny(db, [addressId, ...named.addressIds]),
      namedAt: named.namedAt,
      currentAddressOf: new Map([[contactId, addressId]]),
      mustBeFresh: false,
      basisMapping: basisMappingOf(driver, connection),
    },
    { position: 0, contactId, email: address, mobile: null, addressId },
    view,
  )
  return excludedBecause(facts)
}

/** A marketing e-mail that asks for no category. */
function imaginedRun(accountId: string, connectionId: string, crm: string): SendoutRun {
  return {
    sendoutRunId: '00000000-0000-0000-0000-000000000000',
    sendoutId: '',
    stage: 'send',
    run: 0,
    accountId,
    connectionId,
    connectionEpoch: 0,
    crm,
    workflowId: '',
    channel: 'email',
    categoryId: null,
    transactional: false,
    audienceId: null,
    targeted: 1,
    askedTick: null,
    askedAt: null,
    deadline: new Date(),
    outcome: null,
    result: null,
  }
}
