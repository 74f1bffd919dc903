import { acknowledgeEmarketeer } from '../../domain/reconcile/index.js'
import { MAX_ITEMS_WITH_WEBHOOKS } from '../../emarketeer/index.js'
import { markDue } from '../../ledger/address/addresses.js'
import { saveMemories } from '../../ledger/copy/cells.js'
import { appendOutcomes, type WriteOutcomeRow } from '../../ledger/evidence/consent-events.js'
import {
  acknowledgeCrmRows,
  type AcknowledgedCrmRow,
} from '../../ledger/copy/crm-acknowledgements.js'
import type { Transaction } from '../../ledger/db/database.js'
import { saveTaken } from '../../ledger/copy/taken-along.js'
import { handleEchoes } from '../../ledger/run/echoes.js'
import { AddressOutcomes } from './address-outcome.js'
import { takenInto } from './cell-memory.js'
import {
  addressesOfContacts,
  markEmarketeerUnread,
  upsertEmarketeerValues,
} from '../../ledger/copy/emarketeer-mirror.js'
import type { ReadWindow } from '../../domain/read-window.js'
import { acknowledged, isOvertaken, readBackOf, versionAfter } from './read-back.js'
import { SECONDARY_RULE, LEFT_TOGGLE_RULE } from './rule.js'
import type { CrmWritten, EmarketeerWritten, PendingCell, Written } from './write-jobs.js'

/** How many writes were applied, and the outcomes of their addresses. */
export interface Acknowledged {
  readonly emarketeerWrites: number
  readonly crmWrites: number
  readonly outcomes: AddressOutcomes
}

/** Stores the outcomes of a group of writes, in a transaction that holds the leases. */
export async function acknowledgeWrites(
  tx: Transaction,
  connectionId: string,
  jobs: Written,
  window: ReadWindow,
  leased: ReadonlySet<number>,
): Promise<Acknowledged> {
  const own = {
    emarketeer: jobs.emarketeer.filter((job) => leased.has(job.pending.cell.row.addressId)),
    crm: jobs.crm.filter((job) => leased.has(job.addressId)),
  }
  const outcomes = new AddressOutcomes()
  await takeEmarketeerOutcomes(tx, connectionId, own.emarketeer, outcomes)
  await upsertCrmOutcomes(tx, connectionId, own.crm, window, outcomes)
  const pendings = new Set<PendingCell>()
  own.emarketeer.forEach((job) => pendings.add(job.pending))
  own.crm.forEach((job) => job.pending && pendings.add(job.pending))
  const sent = wereSent(own)
  // A deny that crossed to or from a secondary address, or that a record left behind, is recorded as arrived once both
  // ends show it. Only an act after that counts as later. So the address is read again.
  outcomes.say(
    'again',
    [...sent].filter(crosses).map((pending) => pending.cell.row.addressId),
  )
  await saveMemories(
    tx,
    [...pendings].map((pending) => ({
      addressId: pending.cell.row.addressId,
      cellKey: pending.cell.cellKey,
      ...(sent.has(pending) ? { memory: pending.memory } : asBefore(pending)),
    })),
  )
  const unsent = [...pendings].filter((pending) => !sent.has(pending))
  await saveTaken(
    tx,
    connectionId,
    unsent.flatMap(({ cell }) => takenInto(cell)),
    { putsBack: true },
  )
  // A pass that lost its lease still stores the evidence of what it sent.
  await appendOutcomes(tx, [
    ...jobs.emarketeer.map(emarketeerOutcome),
    ...jobs.crm.flatMap((job) => (job.pending ? [crmOutcome(job, job.pending)] : [])),
  ])
  const lost = jobs.emarketeer.length + jobs.crm.length - own.emarketeer.length - own.crm.length
  if (lost > 0) {
    // Another pass took these addresses over and reads the results of the writes, so nothing else is stored here.
    const ids = [
      ...jobs.emarketeer.map((job) => job.pending.cell.row.addressId),
      ...jobs.crm.map((job) => job.addressId),
    ].filter((id) => !leased.has(id))
    await markDue(tx, ids)
  }
  await handleEchoes(tx, connectionId, echoesOf(own.emarketeer))
  return {
    emarketeerWrites: own.emarketeer.filter((job) => job.result.status === 'applied').length,
    crmWrites: own.crm.filter((job) => job.outcome.status === 'applied').length,
    outcomes,
  }
}

/** Changes that eMarketeer's webhooks will report though the copy has them. A large group of writes sends few or none. */
function echoesOf(jobs: readonly EmarketeerWritten[]): readonly string[] {
  return jobs.length > MAX_ITEMS_WITH_WEBHOOKS
    ? []
    : jobs.flatMap(({ result }) => (result.status === 'applied' ? (result.changeId ?? []) : []))
}

function crosses({ cell: { view, decision, rule } }: PendingCell): boolean {
  const leftBehind = rule === SECONDARY_RULE || rule === LEFT_TOGGLE_RULE
  const secondaryHolders = view.secondaryHolders.filter((holder) => !holder.denyOnly)
  return (
    leftBehind ||
    (decision.inputs.carriedDeny && secondaryHolders.length + view.secondaryAddresses.length > 0)
  )
}

/** Cells with at least one write that was sent. */
function wereSent(jobs: Written): ReadonlySet<PendingCell> {
  const sent = new Set<PendingCell>()
  for (const { pending, result } of jobs.emarketeer) {
    if (result.status !== 'notSent') {
      sent.add(pending)
    }
  }
  for (const { pending, outcome } of jobs.crm) {
    if (pending && outcome.status !== 'notSent') {
      sent.add(pending)
    }
  }
  return sent
}

/**
 * Restores the former observation if nothing was sent, so that a 429 does not lose the proof that an act was the later
 * one.
 */
function asBefore({ cell: { memory, row } }: PendingCell) {
  return { memory, seenAtMs: row.seenAtMs, departed: 'putsBack' as const }
}

async function takeEmarketeerOutcomes(
  tx: Transaction,
  connectionId: string,
  jobs: readonly EmarketeerWritten[],
  outcomes: AddressOutcomes,
): Promise<void> {
  const unread: number[] = []
  const applied: EmarketeerWritten[] = []
  for (const job of jobs) {
    const { addressId } = job.pending.cell.row
    switch (job.result.status) {
      case 'applied':
        applied.push(job)
        break
      case 'unchanged':
      case 'conflict':
        outcomes.say('again', [addressId])
        break
      case 'notFound':
        unread.push(addressId)
        outcomes.say('again', [addressId])
        break
      case 'invalid':
      case 'unknown':
      case 'notSent':
        outcomes.say('retryLater', [addressId])
        break
    }
  }
  for (const job of applied) {
    const { pending } = job
    const target = pending.cell.decision.emarketeerTarget
    pending.memory = acknowledgeEmarketeer(pending.memory, target, versionOf(job))
  }
  await upsertEmarketeerValues(
    tx,
    applied.map((job) => ({
      addressId: job.pending.cell.row.addressId,
      cellKey: job.pending.cell.cellKey,
      basis: job.pending.cell.decision.emarketeerTarget,
      version: versionOf(job),
      eventAtMs: job.item.eventTimeMs,
      recordedAtMs: Date.now(),
      source: 'crm',
      actor: job.item.actor.id === null ? 'crmUser' : `crmUser:${job.item.actor.id}`,
      positiveActMs: null,
      denyActMs: null,
    })),
    { replace: false, markDue: false },
  )
  // A write follows its contact. Where the feed has already shown that it moved, the copy holds what was written elsewhere.
  const places = await addressesOfContacts(
    tx,
    connectionId,
    applied.map(({ item }) => item.contactId),
  )
  const elsewhere = applied
    .filter(({ pending, item }) => places.get(item.contactId) !== pending.cell.row.addressId)
    .map(({ pending }) => pending.cell.row.addressId)
  await markEmarketeerUnread(tx, [...new Set([...unread, ...elsewhere])])
}

function versionOf(job: EmarketeerWritten): number {
  return job.result.status === 'applied' ? job.result.version : job.item.expectedVersion
}

async function upsertCrmOutcomes(
  tx: Transaction,
  connectionId: string,
  jobs: readonly CrmWritten[],
  window: ReadWindow,
  outcomes: AddressOutcomes,
): Promise<void> {
  const rows: AcknowledgedCrmRow[] = []
  for (const job of jobs) {
    const { outcome, pending, addressId, write } = job
    switch (outcome.status) {
      case 'applied':
        rows.push({ write, version: versionAfter(outcome), readBack: readBackOf(outcome) })
        if (pending) {
          pending.memory = acknowledged(pending, write, outcome)
        }
        if (versionAfter(outcome) === null || isOvertaken(write, outcome, pending)) {
          outcomes.say('again', [addressId])
        }
        break
      case 'conflict':
      case 'gone':
        outcomes.say('again', [addressId])
        break
      case 'refused':
      case 'unknown':
      case 'notSent':
        outcomes.say('retryLater', [addressId])
        break
    }
  }
  await acknowledgeCrmRows(tx, connectionId, rows, window)
}

function emarketeerOutcome(job: EmarketeerWritten): WriteOutcomeRow {
  const status = job.result.status
  return {
    eventId: job.pending.eventId,
    side: 'emarketeer',
    recordId: job.item.contactId,
    outcome: status === 'notFound' ? 'gone' : status === 'invalid' ? 'refused' : status,
    version: job.result.status === 'applied' ? String(job.result.version) : null,
  }
}

function crmOutcome(job: CrmWritten, pending: PendingCell): WriteOutcomeRow {
  const { write, outcome } = job
  return {
    eventId: pending.eventId,
    side: 'crm',
    recordId:
      write.kind === 'consent'
        ? write.contactId
        : write.kind === 'createSubscription'
          ? write.contactId
          : write.rowId,
    outcome:
      outcome.status === 'applied' && isOvertaken(write, outcome, pending)
        ? 'overtaken'
        : outcome.status,
    version: outcome.status === 'applied' ? versionAfter(outcome) : null,
  }
}
