import type { CrmConsent } from '../../../crm/crm.js'
import { categoryCell, type CellKey } from '../../../domain/cell-key.js'
import { isLegalBasis, type LegalBasis } from '../../../domain/legal-basis.js'
import { kindOf } from '../../../domain/reconcile/index.js'
import { excludedBecause } from '../../../domain/send-gate.js'
import type { CellRow } from '../../../ledger/copy/cells.js'
import type {
  StoredCrmContact,
  StoredCrmSubscription,
} from '../../../ledger/copy/crm-mirror-rows.js'
import type { PlainFacts, PlainQuestion } from '../../../ledger/sendout/plain-members.js'
import type { SendoutMember } from '../../../ledger/sendout/sendout-members.js'
import type { Verdict } from '../../../ledger/sendout/sendouts.js'
import type { AddressView } from '../../view/address-view.js'
import { asksRows, askedTickOf, provenByDelta, type GateContext } from './gate-crm.js'
import { gateFactsOf } from './gate-facts.js'

/** What the ledger needs to distinguish plain members from others (plain-members.ts). */
export function plainQuestion(context: GateContext, connectionId: string): PlainQuestion {
  const { run, capabilities, mustBeFresh, waitingDenies, waitingDeniesAt } = context
  const { categoryId } = run
  return {
    connectionId,
    asksMobile: (run.channel ?? 'email') !== 'email',
    category: categoryId === null ? null : { categoryId, cellKey: categoryCell(categoryId) },
    crm: capabilities && {
      blind: kindOf(capabilities.values).blind,
      holdsStore: capabilities.purposes.includes('storeAndProcess'),
      asksRows: asksRows(context, capabilities),
      readAfter: !mustBeFresh || provenByDelta(context, capabilities) ? null : askedTickOf(run),
      waitingDenies: [...waitingDenies],
      waitingDeniesAt: [...waitingDeniesAt],
    },
  }
}

/**
 * The gate's verdict on plain members with these facts. It asks the gate itself, about an invented member with exactly
 * these facts, so no second rule can differ from the gate.
 *
 * @returns null: this release does not know a value, so each of these members must be judged individually.
 */
export function plainVerdict(context: GateContext, facts: PlainFacts): Verdict | null {
  const { run, capabilities } = context
  const bases = [facts.marketing, facts.store, ...(facts.category === null ? [] : [facts.category])]
  const values = [facts.record, facts.recordStore].filter((value) => value !== null)
  const isKnown =
    capabilities?.values === 'toggle' ? (one: string) => TOGGLES.includes(one) : isLegalBasis
  if (!bases.every(isLegalBasis) || !values.every(isKnown)) {
    return null
  }
  const view = plainView(facts, run.categoryId)
  const alone: GateContext = {
    ...context,
    waitingDenies: new Set(),
    waitingDeniesAt: new Set(),
    heldAddresses: new Set(),
    namedAt: () => [],
    currentAddressOf: new Map([[SOMEBODY.contactId, SOMEBODY.addressId]]),
  }
  return excludedBecause(gateFactsOf(alone, SOMEBODY, view)) ?? 'eligible'
}

const TOGGLES = ['allow', 'deny']

/** The invented member: both systems know it, and its data was just read. */
const SOMEBODY: SendoutMember & { readonly addressId: number } = {
  position: 0,
  contactId: '1',
  email: 'somebody@example.com',
  mobile: '+4790000000',
  addressId: 1,
}
const JUST_READ = { readFrom: Number.MAX_SAFE_INTEGER, readTo: Number.MAX_SAFE_INTEGER } as const
const RECORD_ID = 'record'
const ROW_ID = 'row'

function plainView(facts: PlainFacts, categoryId: string | null): AddressView {
  const cells = [
    plainCell('marketingSendouts', facts.marketing),
    plainCell('storeAndProcess', facts.store),
    ...(categoryId === null ? [] : [plainCell(categoryCell(categoryId), facts.category!)]),
  ]
  return {
    row: {
      addressId: SOMEBODY.addressId,
      address: SOMEBODY.email!,
      dirtyTick: null,
      emarketeerUnread: false,
      emarketeerMovedTick: 0,
      crmReadFrom: JUST_READ.readFrom,
      crmReadTo: JUST_READ.readTo,
      crmDoubtful: false,
      everLinked: facts.record !== null,
      everInEmarketeer: true,
      crmEndedAtMs: null,
      emarketeerContactId: SOMEBODY.contactId,
      emarketeerSpelledTwice: false,
    },
    cells: new Map(cells.map((cell) => [cell.cellKey, cell])),
    contacts: facts.record === null ? [] : [plainRecord(facts)],
    subscriptions: facts.row === null ? [] : [plainRow(facts.row, categoryId)],
    denyOnlySubscriptions: [],
    carriedDenies: new Set(),
    secondaryHolders: [],
    secondaryAddresses: [],
    mentions: [],
  }
}

function plainCell(cellKey: CellKey, basis: string): CellRow {
  return {
    addressId: SOMEBODY.addressId,
    cellKey,
    basis: basis as LegalBasis,
    version: 1,
    eventAtMs: null,
    recordedAtMs: null,
    source: null,
    actor: null,
    lastPositiveActMs: null,
    lastDenyActMs: null,
    seen: null,
    seenAtMs: null,
    openAllow: {},
    openLoosen: null,
    departed: [],
    departures: 0,
  }
}

function plainRecord({ record, recordStore }: PlainFacts): StoredCrmContact {
  const consent = (value: string | null) =>
    ({ value, version: '1', lastWriter: 'user' }) as CrmConsent
  return {
    crmContactId: RECORD_ID,
    addressId: SOMEBODY.addressId,
    state: 'live',
    mergedInto: null,
    registeredAtMs: null,
    unusableAddress: false,
    addressHidden: false,
    consents: {
      marketingSendouts: consent(record),
      ...(recordStore === null ? {} : { storeAndProcess: consent(recordStore) }),
    },
    ...JUST_READ,
  }
}

function plainRow(subscribed: boolean, categoryId: string | null): StoredCrmSubscription {
  return {
    rowId: ROW_ID,
    crmContactId: RECORD_ID,
    categoryId,
    subscribed,
    version: '1',
    foreign: false,
    ...JUST_READ,
  }
}
