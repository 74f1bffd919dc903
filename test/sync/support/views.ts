import type { CrmCapabilities, CrmConsent } from '../../../src/crm/crm.js'
import type { CellKey } from '../../../src/domain/cell-key.js'
import type { Purpose } from '../../../src/domain/legal-basis.js'
import type { OpenCrm } from '../../../src/connection/session.js'
import type { ConnectionRow } from '../../../src/ledger/connection/connections.js'
import type { CellRow } from '../../../src/ledger/copy/cells.js'
import type {
  StoredCrmContact,
  StoredCrmSubscription,
} from '../../../src/ledger/copy/crm-mirror-rows.js'
import type {
  SecondaryHolder,
  SecondaryAddressState,
} from '../../../src/ledger/copy/secondary-addresses.js'
import { NO_TIMES } from '../../../src/ledger/copy/crm-times.js'
import type { AddressView, BatchView } from '../../../src/sync/view/address-view.js'

/**
 * Our copy of one address, written by hand: Ann's, 7 in the ledger, on both sides, read in the CRM between the ticks 20
 * and 22, with no later move. For tests with examples that need no database.
 */
export const ADDRESS_ID = 7

/** Dynamics' capabilities. */
export const TOGGLES: CrmCapabilities = {
  values: 'toggle',
  refusesStaleWrites: true,
  purposes: ['marketingSendouts'],
  subscriptions: true,
  completeDelta: true,
  fieldHistory: true,
  directReadContactsPerRequest: 500,
}

/** SuperOffice's capabilities. */
export const BASES: CrmCapabilities = {
  values: 'rich',
  refusesStaleWrites: false,
  purposes: ['marketingSendouts', 'storeAndProcess'],
  subscriptions: true,
  completeDelta: false,
  fieldHistory: false,
  directReadContactsPerRequest: 50,
}

/** An open CRM to which no request is sent. */
export function openCrm(capabilities: CrmCapabilities, more: Partial<OpenCrm> = {}): OpenCrm {
  const source = capabilities.values === 'toggle' ? 'crmDynamics' : 'crmSuperOffice'
  return { capabilities, client: {} as OpenCrm['client'], source, ...more }
}

/** A record's value, set by a user, in version `1`. */
export function consent(value: CrmConsent['value'], more: Partial<CrmConsent> = {}): CrmConsent {
  return { value, version: '1', lastWriter: 'user', ...more }
}

/** A live record at the address, with this value for `marketingSendouts`. */
export function contact(
  value: CrmConsent['value'],
  more: Partial<StoredCrmContact> = {},
): StoredCrmContact {
  return {
    crmContactId: 'ann',
    addressId: ADDRESS_ID,
    state: 'live',
    mergedInto: null,
    registeredAtMs: null,
    unusableAddress: false,
    addressHidden: false,
    consents: { marketingSendouts: consent(value) },
    readFrom: 20,
    readTo: 22,
    observedEpoch: 1,
    ...more,
  }
}

/** A record at another address that has this one as a secondary address. */
export function holder(
  value: CrmConsent['value'],
  more: Partial<SecondaryHolder> = {},
): SecondaryHolder {
  return {
    crmContactId: 'gil',
    addressId: ADDRESS_ID,
    denyOnly: false,
    arrived: {},
    followed: {},
    contact: contact(value, { crmContactId: 'gil', addressId: 99 }),
    primaryCells: [],
    ...more,
  }
}

/** A secondary address of Ann's, with this state in eMarketeer. */
export function secondaryAddresses(
  cells: readonly CellRow[],
  more: Partial<SecondaryAddressState> = {},
): SecondaryAddressState {
  return {
    crmContactId: 'ann',
    addressId: 98,
    denyOnly: false,
    arrived: {},
    followed: {},
    unread: false,
    cells,
    ...more,
  }
}

/** A subscription row of Ann's to the category `news`. */
export function subscription(
  subscribed: boolean | null,
  more: Partial<StoredCrmSubscription> = {},
): StoredCrmSubscription {
  return {
    rowId: 'row',
    crmContactId: 'ann',
    categoryId: 'news',
    subscribed,
    version: '1',
    foreign: false,
    readFrom: 20,
    readTo: 22,
    ...more,
  }
}

/** eMarketeer's value of one cell, set by a person; nothing was observed yet. */
export function cell(
  basis: CellRow['basis'],
  version = 1,
  more: Partial<CellRow> & { readonly cellKey?: CellKey } = {},
): CellRow {
  return {
    addressId: ADDRESS_ID,
    cellKey: 'marketingSendouts',
    basis,
    version,
    eventAtMs: null,
    recordedAtMs: null,
    source: 'form',
    actor: 'dataSubject',
    lastPositiveActMs: null,
    lastDenyActMs: null,
    seen: null,
    seenAtMs: null,
    openAllow: {},
    openLoosen: null,
    departed: [],
    departures: 0,
    ...more,
  }
}

/** A cell that agreed with these records when a pass last observed it. */
export function settled(row: CellRow, ...contacts: readonly StoredCrmContact[]): CellRow {
  const purpose = row.cellKey as Purpose
  const records = contacts.map(({ crmContactId, consents }) => ({
    recordId: crmContactId,
    value: consents[purpose]!.value!,
    version: consents[purpose]!.version,
    want: null,
  }))
  const basis = row.basis === 'unreadable' ? 'none' : row.basis
  return { ...row, seen: { basis, version: row.version, records, epoch: 1 } }
}

/** The copy of the address. */
export function view(
  more: Partial<Omit<AddressView, 'row' | 'cells'>> & {
    readonly row?: Partial<AddressView['row']>
    readonly cells?: readonly CellRow[]
  } = {},
): AddressView {
  const { row, cells = [], ...rest } = more
  return {
    row: {
      addressId: ADDRESS_ID,
      address: 'ann@x.example',
      dirtyTick: null,
      emarketeerUnread: false,
      emarketeerMovedTick: 10,
      crmReadFrom: 20,
      crmReadTo: 22,
      crmDoubtful: false,
      everLinked: true,
      everInEmarketeer: true,
      crmEndedAtMs: null,
      emarketeerContactId: '501',
      emarketeerSpelledTwice: false,
      ...row,
    },
    cells: new Map(cells.map((one) => [one.cellKey, one])),
    contacts: [],
    subscriptions: [],
    denyOnlySubscriptions: [],
    carriedDenies: new Set(),
    secondaryHolders: [],
    secondaryAddresses: [],
    mentions: [],
    ...rest,
  }
}

/** The connection: everything is synced, and eMarketeer's feed was read to its end at tick 30. */
export function connection(more: Partial<ConnectionRow> = {}): ConnectionRow {
  return {
    connectionId: 'acme',
    accountId: '1',
    crm: 'dynamics',
    state: 'active',
    pauseMode: null,
    legalBasisSync: true,
    subscriptionSync: true,
    createMissing: 'none',
    newlyMailableLimit: 500,
    subscriptionRowsPerDay: 1_000,
    config: {},
    facts: {},
    registeredWebhooks: null,
    removalBegun: false,
    epoch: 1,
    webhookRef: 'ref',
    emarketeerWebhookSecret: null,
    emarketeerCursor: 'cursor',
    emarketeerProvenTick: 30,
    emarketeerProvenAt: null,
    crmCursor: 'cursor',
    crmProvenTick: 0,
    crmProvenAt: null,
    crmUnattributed: false,
    crmBlockedUntil: null,
    crmBlockedCode: null,
    crmBlockedSince: null,
    crmBlockedReason: null,
    emarketeerBlockedUntil: null,
    emarketeerBlockedCode: null,
    emarketeerBlockedSince: null,
    emarketeerBlockedReason: null,
    crmClockOffsetMs: null,
    ...more,
  }
}

/** A batch of these addresses, with the category `news`. */
export function batch(addresses: readonly AddressView[], more: Partial<BatchView> = {}): BatchView {
  return {
    connection: connection(),
    times: NO_TIMES,
    categories: [{ categoryId: 'news', name: 'News', archived: false }],
    addresses,
    ...more,
  }
}
