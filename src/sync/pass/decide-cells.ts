import { categoryCell, type CellKey } from '../../domain/cell-key.js'
import type { Purpose } from '../../domain/legal-basis.js'
import {
  hasInheritedDeny,
  isLeftWith,
  isLeftWithByPurpose,
  kindOf,
  type CellMemory,
  type Decision,
  type Observation,
  type Plan,
  type RecordReading,
} from '../../domain/reconcile/index.js'
import type { CellRow, StoredValue } from '../../ledger/copy/cells.js'
import type { StoredCrmSubscription } from '../../ledger/copy/crm-mirror-rows.js'
import { basisMappingOf } from '../../connection/basis-mapping.js'
import {
  observationOf,
  type CrmKnowledge,
  categoryRows,
  purposeRecords,
  readableRecords,
} from '../view/observe.js'
import { NO_ROW_TIMES, stampOfConsent, type DecidingTimes } from './deciding-times.js'
import { unarrivedReadings } from '../view/secondary-addresses.js'
import type { AddressView, BatchView } from '../view/address-view.js'
import {
  SECONDARY_RULE,
  LEFT_TOGGLE_RULE,
  partlyReadRule,
  ruleFor,
  TOGGLE_RULE,
  type Rule,
} from './rule.js'
import type { OpenCrm } from '../../connection/session.js'

export interface DecidedCell {
  readonly view: AddressView
  readonly cellKey: CellKey
  readonly row: CellRow
  readonly rule: Rule
  readonly observation: Observation<StoredValue>
  readonly memory: CellMemory<StoredValue>
  readonly decision: Decision<StoredValue>
  readonly plan: Plan<StoredValue>
}

/** Subscription rows to create or remove at a category of an address. */
export interface RowUpkeep {
  readonly view: AddressView
  readonly categoryId: string
  readonly categoryName: string
  /** The value of missing rows: eMarketeer's (D3). */
  readonly subscribed: boolean
  readonly missingContactIds: readonly string[]
  readonly obsoleteRows: readonly StoredCrmSubscription[]
}

export interface BatchDecisions {
  readonly cells: readonly DecidedCell[]
  readonly upkeep: readonly RowUpkeep[]
}

/**
 * Decides every cell of a batch's linked addresses by the rule. Pure.
 * @param times how the times of a rich CRM's rows count now.
 */
export function decideBatch(
  batch: BatchView,
  crm: OpenCrm,
  times: DecidingTimes = NO_ROW_TIMES,
): BatchDecisions {
  const cells: DecidedCell[] = []
  const upkeep: RowUpkeep[] = []
  for (const view of batch.addresses) {
    if (view.row.emarketeerContactId === null) {
      continue // The address is on one side only. It is linked when the other side appears (E7).
    }
    if (view.row.emarketeerSpelledTwice) {
      continue // eMarketeer has several states here: it is unknown which one a write would reach.
    }
    if (
      !view.contacts.every(({ leftWith = null }) => isLeftWithByPurpose(leftWith)) ||
      !view.subscriptions.every(({ leftWith = null }) => isLeftWith(leftWith))
    ) {
      continue // What a record took along cannot be read: an Allow of ours could be taken for a person's.
    }
    if (view.contacts.length === 0) {
      cells.push(...decideAbsent(batch, view, crm))
      continue
    }
    if (batch.connection.legalBasisSync) {
      for (const purpose of crm.capabilities.purposes) {
        const records = withRowTimes(purposeRecords(view, purpose), view, purpose, times)
        const rule = ruleFor(crm.capabilities)
        const cell =
          records === null
            ? decidePartlyRead(batch, view, purpose, crm)
            : decideCell(batch, view, purpose, records, rule, crm, times)
        cells.push(...(cell ? [cell] : []))
      }
    }
    if (batch.connection.subscriptionSync && crm.capabilities.subscriptions) {
      for (const category of batch.categories.filter((c) => !c.archived)) {
        decideCategory(batch, view, category, cells, upkeep, crm)
      }
    }
  }
  return { cells, upkeep }
}

/**
 * Decides an address that no record has as its primary one. A withdrawal of a record that has it as a secondary address
 * counts (C5), and so does a deny that a record left behind (F5).
 */
function decideAbsent(batch: BatchView, view: AddressView, crm: OpenCrm): DecidedCell[] {
  const { legalBasisSync, subscriptionSync } = batch.connection
  const purposes = legalBasisSync ? crm.capabilities.purposes : []
  const isRich = crm.capabilities.values === 'rich'
  const rule = isRich ? SECONDARY_RULE : LEFT_TOGGLE_RULE
  const categories = subscriptionSync && crm.capabilities.subscriptions ? batch.categories : []
  return [
    ...purposes.flatMap((purpose) => {
      const secondaryHolders = isRich ? unarrivedReadings(view, purpose) : []
      return decideLeft(batch, view, purpose, rule, secondaryHolders) ?? []
    }),
    ...categories
      .filter((category) => !category.archived)
      .flatMap(({ categoryId }) => {
        return decideLeft(batch, view, categoryCell(categoryId), LEFT_TOGGLE_RULE) ?? []
      }),
  ]
}

/** Decides a cell without records of its own. null: nothing needs to change in eMarketeer. */
function decideLeft(
  batch: BatchView,
  view: AddressView,
  cellKey: CellKey,
  rule: Rule,
  secondaryHolders: readonly RecordReading<StoredValue>[] = [],
): DecidedCell | null {
  const row = view.cells.get(cellKey)
  const facts = row && observationOf(batch, view, row, secondaryHolders, {})
  const kind = kindOf(rule === LEFT_TOGGLE_RULE ? 'toggle' : 'rich')
  const isReadable =
    facts &&
    (secondaryHolders.length > 0 || hasInheritedDeny(facts.observation, facts.memory, kind))
  return isReadable ? decided({ view, cellKey, row, rule, ...facts }) : null
}

/** Decides a cell with a record that cannot be read. Denies of the other records still cross. */
function decidePartlyRead(
  batch: BatchView,
  view: AddressView,
  purpose: Purpose,
  crm: OpenCrm,
): DecidedCell | null {
  const row = view.cells.get(purpose)
  const records = readableRecords(view, purpose)
  const facts = row && observationOf(batch, view, row, records, knowledgeOf(batch, crm))
  const isOldestRead = records[0]?.recordId === view.contacts[0]?.crmContactId
  const rule = partlyReadRule(crm.capabilities, isOldestRead)
  return facts ? decided({ view, cellKey: purpose, row, rule, ...facts }) : null
}

function decideCategory(
  batch: BatchView,
  view: AddressView,
  category: { readonly categoryId: string; readonly name: string },
  cells: DecidedCell[],
  upkeep: RowUpkeep[],
  crm: OpenCrm,
): void {
  const { categoryId, name } = category
  const rows = categoryRows(view, categoryId)
  const cellKey = categoryCell(categoryId)
  const cell = decideCell(batch, view, cellKey, rows.records, TOGGLE_RULE, crm, NO_ROW_TIMES)
  if (cell) {
    cells.push(cell)
  }
  const basis = cell?.decision.emarketeerTarget ?? view.cells.get(cellKey)?.basis
  if (rows.records === null || basis === undefined || basis === 'unreadable') {
    return // The state of the category is not known yet. It will be known in the next pass.
  }
  const settled = !cell || cell.plan.writes.length === 0
  if (rows.missingContactIds.length > 0 || (settled && rows.foreignRows.length > 0)) {
    upkeep.push({
      view,
      categoryId,
      categoryName: name,
      subscribed: basis !== 'withdrawn',
      missingContactIds: rows.missingContactIds,
      obsoleteRows: settled ? rows.foreignRows : [],
    })
  }
}

function decideCell(
  batch: BatchView,
  view: AddressView,
  cellKey: CellKey,
  records: readonly RecordReading<StoredValue>[] | null,
  rule: Rule,
  crm: OpenCrm,
  { countsWrites }: DecidingTimes,
): DecidedCell | null {
  const row = view.cells.get(cellKey)
  if (!row || !records) {
    return null
  }
  if (records.length === 0) {
    // No row is left, but one may have left with a No.
    return decideLeft(batch, view, cellKey, LEFT_TOGGLE_RULE)
  }
  const knowledge = { ...knowledgeOf(batch, crm), countsWrites }
  const facts = observationOf(batch, view, row, records, knowledge)
  return facts && decided({ view, cellKey, row, rule, ...facts })
}

/** Adds the times of the rows, as far as they are comparable with eMarketeer's. */
function withRowTimes(
  records: readonly RecordReading<StoredValue>[] | null,
  view: AddressView,
  purpose: Purpose,
  times: DecidingTimes,
): readonly RecordReading<StoredValue>[] | null {
  const consents = new Map(view.contacts.map((c) => [c.crmContactId, c.consents[purpose]]))
  return (
    records?.map((record) => {
      const consent = consents.get(record.recordId)
      return consent === undefined ? record : { ...record, stamp: stampOfConsent(consent, times) }
    }) ?? null
  )
}

function knowledgeOf({ connection }: BatchView, crm: OpenCrm): CrmKnowledge {
  const { firstVersion = null } = crm.client
  return { firstVersion, basisMapping: basisMappingOf(crm, connection) }
}

function decided(cell: Omit<DecidedCell, 'decision' | 'plan'>): DecidedCell {
  const decision = cell.rule.decide(cell.observation, cell.memory)
  return { ...cell, decision, plan: cell.rule.plan(cell.observation, cell.memory, decision) }
}

/** Decides a cell again, with stamps from the CRM's field history. */
export function decideWithStamps(
  cell: DecidedCell,
  stamps: ReadonlyMap<string, { readonly atMs: number; readonly epsMs: number }>,
): DecidedCell {
  const { view, cellKey, row, rule, memory, observation } = cell
  const records = observation.records.map((record) => ({
    ...record,
    stamp: stamps.get(record.recordId) ?? record.stamp,
  }))
  return decided({ view, cellKey, row, rule, memory, observation: { ...observation, records } })
}

/** The key of a cell in the ledger. */
export function cellIdOf(cell: DecidedCell): {
  readonly addressId: number
  readonly cellKey: CellKey
} {
  return { addressId: cell.row.addressId, cellKey: cell.cellKey }
}
