import { randomUUID } from 'node:crypto'
import { categoryIdOf, isPurposeCell } from '../../domain/cell-key.js'
import type { CellMemory } from '../../domain/reconcile/index.js'
import type { CrmWrite, CrmWriteOutcome } from '../../crm/crm.js'
import type { StateWrite, WriteResult } from '../../emarketeer/index.js'
import type { StoredValue } from '../../ledger/copy/cells.js'
import type { DecidedCell, RowUpkeep } from './decide-cells.js'
import { describeAct, type CrmAct } from './evidence.js'

/** A decided cell whose writes are in progress. Each acknowledgement updates its memory. */
export interface PendingCell {
  readonly cell: DecidedCell
  readonly eventId: string
  memory: CellMemory<StoredValue>
}

export interface EmarketeerJob {
  readonly pending: PendingCell
  readonly loosens: boolean
  readonly item: StateWrite
}

/** The same, and what became of it. */
export interface EmarketeerWritten extends EmarketeerJob {
  readonly result: WriteResult | { readonly status: 'notSent' }
}

/** One write to the CRM. Creating or removing rows has no decision behind it. */
export interface CrmJob {
  readonly pending: PendingCell | null
  readonly upkeep: RowUpkeep | null
  readonly addressId: number
  readonly loosens: boolean
  readonly write: CrmWrite
}

/** The same, and what became of it. */
export interface CrmWritten extends CrmJob {
  readonly outcome: CrmWriteOutcome
}

export interface Jobs {
  readonly emarketeer: readonly EmarketeerJob[]
  readonly crm: readonly CrmJob[]
}

/** A group of writes with their outcomes. */
export interface Written {
  readonly emarketeer: readonly EmarketeerWritten[]
  readonly crm: readonly CrmWritten[]
}

export function jobsOf(
  pendings: readonly PendingCell[],
  acts: (cell: DecidedCell) => CrmAct | null,
  nowMs: number,
): Jobs {
  const emarketeer: EmarketeerJob[] = []
  const crm: CrmJob[] = []
  for (const pending of pendings) {
    const { cell } = pending
    for (const write of cell.plan.writes) {
      if (write.side === 'emarketeer') {
        emarketeer.push({
          pending,
          loosens: write.loosens,
          item: emarketeerItem(cell, write.expectedVersion, acts(cell), nowMs),
        })
      } else {
        crm.push({
          pending,
          upkeep: null,
          addressId: cell.row.addressId,
          loosens: write.loosens,
          write: crmWrite(cell, write.recordId, write.value, write.expectedVersion),
        })
      }
    }
  }
  return { emarketeer, crm }
}

function emarketeerItem(
  cell: DecidedCell,
  expectedVersion: number,
  act: CrmAct | null,
  nowMs: number,
): StateWrite {
  const { actor, eventTimeMs, comment } = describeAct(cell, act, nowMs)
  const facts = {
    contactId: cell.view.row.emarketeerContactId!,
    expectedVersion,
    eventTimeMs,
    actor,
  }
  const target = cell.decision.emarketeerTarget
  return isPurposeCell(cell.cellKey)
    ? { kind: 'consent', purpose: cell.cellKey, legalBasis: target, comment, ...facts }
    : {
        kind: 'subscription',
        categoryId: categoryIdOf(cell.cellKey)!,
        subscribed: target !== 'withdrawn',
        ...facts,
      }
}

function crmWrite(
  cell: DecidedCell,
  recordId: string,
  value: StoredValue,
  expectedVersion: string,
): CrmWrite {
  return isPurposeCell(cell.cellKey)
    ? {
        kind: 'consent',
        contactId: recordId,
        purpose: cell.cellKey,
        value: value as Extract<CrmWrite, { kind: 'consent' }>['value'],
        expectedVersion,
      }
    : { kind: 'subscription', rowId: recordId, subscribed: value === 'allow', expectedVersion }
}

/**
 * Writes that bring a category's rows in order: they create missing rows, No first, and remove those that a merge left
 * (D3, F5).
 * @returns the writes, and the addresses whose rows exceed the budget.
 */
export function upkeepJobs(
  upkeep: readonly RowUpkeep[],
  rowBudget: number,
): { readonly jobs: CrmJob[]; readonly postponed: readonly number[] } {
  const wanted = upkeep
    .flatMap((item) => item.missingContactIds.map((contactId) => ({ item, contactId })))
    .sort((a, b) => Number(a.item.subscribed) - Number(b.item.subscribed))
  const creations = wanted.slice(0, rowBudget).map(({ item, contactId }) =>
    job(item, {
      kind: 'createSubscription',
      contactId,
      categoryId: item.categoryId,
      categoryName: item.categoryName,
      subscribed: item.subscribed,
    }),
  )
  const removals = upkeep.flatMap((item) =>
    item.obsoleteRows.map((row) =>
      job(item, { kind: 'deleteSubscription', rowId: row.rowId, expectedVersion: row.version }),
    ),
  )
  return {
    jobs: [...creations, ...removals],
    postponed: wanted.slice(rowBudget).map(({ item }) => item.view.row.addressId),
  }
}

function job(upkeep: RowUpkeep, write: CrmWrite): CrmJob {
  return {
    pending: null,
    upkeep,
    addressId: upkeep.view.row.addressId,
    loosens: false,
    write,
  }
}

/** A key for one call to eMarketeer. The client sends the same key again after a lost answer. */
export function newIdempotencyKey(): string {
  return `lbsync.${randomUUID()}`
}
