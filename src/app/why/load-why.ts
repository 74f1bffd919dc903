import { AppError } from '../../contracts/app-error.js'
import { CRM_DRIVERS } from '../../crm/registry.js'
import { categoryIdOf, isPurposeCell, type CellKey } from '../../domain/cell-key.js'
import { addressOrText } from '../../domain/email-address.js'
import { tenantKeyOf, type BasisMapping } from '../../domain/tenant-basis.js'
import { basisMappingKeyOf, basisMappingOf } from '../../connection/basis-mapping.js'
import { findAddressRow } from '../../ledger/address/address-rows.js'
import { isDeny } from '../../domain/reconcile/index.js'
import { consentEventsOf } from '../../ledger/evidence/consent-events.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { Queryable } from '../../ledger/db/database.js'
import { disagreementsAt } from '../../ledger/copy/connection-counts.js'
import { looseningsAt, addressesHeldOverDeny } from '../../ledger/run/runs.js'
import { categoryRows, purposeRecords } from '../../sync/view/observe.js'
import { loadBatch, type AddressView, type BatchView } from '../../sync/view/address-view.js'
import { requireConnection } from '../connection/require-running.js'
import type { CellState, WhyFacts } from './explanation.js'
import type { ExclusionReason } from '../../domain/exclusion-reason.js'
import { excludedBecause } from '../../domain/send-gate.js'
import { waitingDeniesOf } from '../../ledger/run/inbox.js'
import type { SendoutRun } from '../../ledger/sendout/sendouts.js'
import { gateFactsOf } from '../../sync/sendout/gate/gate-facts.js'
import { loadNamed } from '../../sync/sendout/gate/load-gate.js'

/** Purposes in the order of the explanation. */
const PURPOSES: readonly CellKey[] = ['marketingSendouts', 'storeAndProcess']

/**
 * Collects what our copy has about one contact. Calls no outside system.
 * @throws AppError `connection_not_found`; `contact_not_found` without naming the address.
 */
export async function loadWhy(
  db: Queryable,
  connectionId: string,
  email: string,
): Promise<WhyFacts> {
  const connection = await requireConnection(db, connectionId)
  // Also accepts text of a field that links nobody, because its contact has its own state in eMarketeer.
  const address = addressOrText(email)
  const row = address === null ? null : await findAddressRow(db, connectionId, address)
  if (address === null || row === null) {
    throw new AppError(
      'contact_not_found',
      `Connection ${connectionId} knows nobody by this address.`,
      {
        path: '--email',
        value: '***@***',
      },
    )
  }
  const batch = await loadBatch(db, connectionId, [row.addressId])
  const view = batch.addresses[0]!
  const loosenings = new Map(
    (await looseningsAt(db, [row.addressId])).map((item) => [item.cellKey, item.state as string]),
  )
  const keys = [
    ...PURPOSES.filter((key) => view.cells.has(key) || isSynced(connection, key)),
    ...batch.categories
      .filter((category) => !category.archived)
      .map((category): CellKey => `category:${category.categoryId}`),
  ]
  const driver = CRM_DRIVERS.get(connection.crm) ?? null
  const mapping = basisMappingOf(driver, connection)
  return {
    connectionId,
    email: address,
    asOf: {
      emarketeer: connection.emarketeerProvenAt?.toISOString() ?? null,
      crm: connection.crmProvenAt?.toISOString() ?? null,
    },
    emarketeerContactId: view.row.emarketeerContactId,
    crmContactIds: view.contacts.map((contact) => contact.crmContactId),
    cells: keys.map((key) => ({
      ...cellState(view, key, loosenings.get(key) ?? null, mapping),
      synced: isSynced(connection, key),
    })),
    basisMappingKey: basisMappingKeyOf(driver),
    categoryNames: new Map(batch.categories.map(({ categoryId, name }) => [categoryId, name])),
    disagreements: await disagreementsAt(db, connectionId, row.addressId),
    secondaryHolders: view.secondaryHolders.map(({ contact, denyOnly }) => ({
      recordId: contact.crmContactId,
      denyOnly,
      withdrawn: PURPOSES.filter(
        (purpose) => isPurposeCell(purpose) && isDeny(contact.consents[purpose]),
      ),
    })),
    mentions: view.mentions.map(({ cells }) => ({
      withdrawn: cells.filter(({ basis }) => basis === 'withdrawn').map(({ cellKey }) => cellKey),
    })),
    excluded: await gateNow(db, batch, view),
    events: await consentEventsOf(db, connectionId, row.addressId),
  }
}

function isSynced(connection: ConnectionRow, key: CellKey): boolean {
  const capabilities = CRM_DRIVERS.get(connection.crm)?.capabilities
  const purposes: readonly CellKey[] = capabilities?.purposes ?? []
  return isPurposeCell(key) ? purposes.includes(key) : connection.subscriptionSync
}

function cellState(
  view: AddressView,
  cell: CellKey,
  loosening: string | null,
  mapping: BasisMapping,
): Omit<CellState, 'synced'> {
  const stored = view.cells.get(cell)
  const since = stored?.recordedAtMs ?? stored?.eventAtMs ?? null
  return {
    cell,
    emarketeer: {
      value: stored?.basis ?? 'none',
      since: since === null ? null : new Date(since).toISOString(),
      source: stored?.source ?? null,
      actor: stored?.actor ?? null,
    },
    crm: recordsOf(view, cell).map((record) => ({
      ...record,
      ...standsFor(record.value, mapping),
    })),
    departedDeny: (stored?.departed ?? []).length > 0,
    loosening,
  }
}

/** For a basis that the tenant created: the file's mapping (C2). */
function standsFor(
  value: string,
  mapping: BasisMapping,
): Pick<CellState['crm'][number], 'standsFor'> {
  const key = tenantKeyOf(value)
  return key === null ? {} : { standsFor: mapping.get(key) ?? null }
}

/** The values of the CRM's records. An unreadable value is shown, because it keeps the contact from being decided. */
function recordsOf(view: AddressView, cell: CellKey): CellState['crm'] {
  if (isPurposeCell(cell)) {
    const readable = purposeRecords(view, cell)
    const held = view.contacts.filter((contact) => contact.consents[cell] !== undefined)
    return readable === null
      ? held.map(({ crmContactId, consents }) => ({
          recordId: crmContactId,
          value: consents[cell]?.value ?? 'unreadable',
          carriedDeny: view.carriedDenies.has(`${crmContactId} ${cell}`),
        }))
      : readable.map(({ recordId, value, carriedDeny }) => ({ recordId, value, carriedDeny }))
  }
  const { records } = categoryRows(view, categoryIdOf(cell) ?? '')
  return (records ?? []).map(({ recordId, value, carriedDeny }) => ({
    recordId,
    value,
    carriedDeny,
  }))
}

/**
 * The send gate's answer for a marketing e-mail without category, from our copy. A real sendout reads both sides again
 * first.
 * @returns the reason, or null if the contact is eligible. A stored value that cannot be read excludes, as in
 * `judgeMembers`.
 */
async function gateNow(
  db: Queryable,
  batch: BatchView,
  view: AddressView,
): Promise<ExclusionReason | null> {
  const { connection } = batch
  const { addressId, address, emarketeerContactId } = view.row
  const named = await loadNamed(db, connection.connectionId, [addressId], null)
  const contactId = emarketeerContactId ?? ''
  const driver = CRM_DRIVERS.get(connection.crm) ?? null
  const context = {
    run: imaginedRun(connection.accountId, connection.connectionId, connection.crm),
    batch,
    capabilities: driver?.capabilities ?? null,
    ...(await waitingDeniesOf(db, connection.connectionId)),
    heldAddresses: await addressesHeldOverDeny(db, [addressId, ...named.addressIds]),
    namedAt: named.namedAt,
    currentAddressOf: new Map([[contactId, addressId]]),
    mustBeFresh: false,
    basisMapping: basisMappingOf(driver, connection),
  }
  const member = { position: 0, contactId, email: address, mobile: null, addressId }
  try {
    return excludedBecause(gateFactsOf(context, member, view))
  } catch {
    return 'notVerified'
  }
}

/** A marketing e-mail without category. */
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
