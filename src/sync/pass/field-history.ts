import { isPurposeCell } from '../../domain/cell-key.js'
import { isPositive } from '../../domain/legal-basis.js'
import { comparableAcross } from '../../domain/clock.js'
import type { CrmFieldHistory } from '../../crm/crm.js'
import { lastActors } from '../../ledger/run/inbox.js'
import { decideWithStamps, type DecidedCell } from './decide-cells.js'
import { emarketeerClockNow } from './deciding-times.js'
import { contactsBehind, type CrmAct } from './evidence.js'
import type { BatchView } from '../view/address-view.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'

/** Most cells of a batch for which field history is read as a proof: it costs calls per record. */
const MAX_LOOKUPS_PER_BATCH = 200

/** The decisions after field history was read. */
export interface EnrichedDecisions {
  readonly cells: readonly DecidedCell[]
  /** Cells that exceed the batch's share of lookups, or whose history could not be read; they stay due. */
  readonly postponed: readonly DecidedCell[]
  /** Acts by CRM contact id. */
  readonly acts: ReadonlyMap<string, CrmAct>
  /** The error of reading the history, to be thrown at the end of the pass. */
  readonly error: Error | null
}

/**
 * Reads the CRM's field history for cells whose sides disagree without another proof of the later act, and decides them
 * again. It also names the actor for the evidence, from the history or a webhook. While eMarketeer's clock is unknown or far
 * off, no stamp counts.
 * @param batch of the decided cells.
 */
export async function askFieldHistory(
  session: SyncSession,
  batch: BatchView,
  decided: readonly DecidedCell[],
): Promise<EnrichedDecisions> {
  const crm = requireCrm(session)
  const wanting = decided.filter((cell) => isPurposeCell(cell.cellKey) && mayBeProven(cell))
  const asked = crm.capabilities.fieldHistory ? wanting.slice(0, MAX_LOOKUPS_PER_BATCH) : []
  const forEvidence = decided.filter(
    (cell) => isPurposeCell(cell.cellKey) && writesPositiveToEmarketeer(cell),
  )
  const ids = [...new Set([...asked, ...forEvidence].flatMap(contactsBehind))]
  let history: readonly CrmFieldHistory[] = []
  let error: Error | null = null
  if (ids.length > 0 && crm.capabilities.fieldHistory) {
    try {
      history = await crm.client.readFieldHistory(ids, session.call)
    } catch (failure) {
      // The cells that need the history stay due; all others continue.
      error = failure as Error
    }
  }
  const postponed = crm.capabilities.fieldHistory
    ? wanting.slice(error ? 0 : MAX_LOOKUPS_PER_BATCH)
    : []
  const acts = await collectActs(session, decided, history)
  const clock = emarketeerClockNow(session, batch)
  const comparable = history.flatMap((row) => comparableAcross(row, clock) ?? [])
  const stamps = new Map(comparable.map((row) => [row.contactId, row]))
  const again = new Set(asked)
  const late = new Set(postponed)
  return {
    cells: decided
      .filter((cell) => !late.has(cell))
      .map((cell) => (again.has(cell) ? decideWithStamps(cell, usable(cell, stamps)) : cell)),
    postponed,
    acts,
    error,
  }
}

/**
 * Whether a stamp may change the decision. A side that has not moved since the last consistent observation acted before
 * the other one, so a plain opt-out costs no call.
 */
function mayBeProven({ decision }: DecidedCell): boolean {
  const { emarketeerMoved, crmMoved } = decision.inputs
  const side = decision.line === 'T2' ? emarketeerMoved : crmMoved
  return decision.wantsStamp && side !== false
}

/** The stamps that count: those whose value in the history is the value that was read. */
function usable(
  cell: DecidedCell,
  stamps: ReadonlyMap<string, CrmFieldHistory>,
): Map<string, CrmFieldHistory> {
  return new Map(
    cell.observation.records.flatMap((record) => {
      const stamp = stamps.get(record.recordId)
      return stamp && stamp.value === record.value ? [[record.recordId, stamp] as const] : []
    }),
  )
}

async function collectActs(
  session: SyncSession,
  decided: readonly DecidedCell[],
  history: readonly CrmFieldHistory[],
): Promise<Map<string, CrmAct>> {
  const writing = decided.filter((cell) => cell.plan.writes.some((w) => w.side === 'emarketeer'))
  const contactIds = [...new Set(writing.flatMap(contactsBehind))]
  const acts = new Map<string, CrmAct>()
  if (contactIds.length > 0) {
    const actors = await lastActors(session.db, session.connection.connectionId, contactIds)
    for (const cell of writing) {
      for (const contactId of contactsBehind(cell)) {
        const actor = actors.get(contactId)
        // An older webhook is about an older act.
        if (actor && actor.receivedAtMs >= (cell.row.seenAtMs ?? 0)) {
          acts.set(contactId, { userId: actor.userId, atMs: null })
        }
      }
    }
  }
  for (const row of history) {
    acts.set(row.contactId, { userId: row.userId, atMs: row.atMs })
  }
  return acts
}

function writesPositiveToEmarketeer({ decision, row }: DecidedCell): boolean {
  return decision.emarketeerTarget !== row.basis && isPositive(decision.emarketeerTarget)
}

/** The act behind a cell: that of the first of its contacts with a known act. */
export function actBehind(cell: DecidedCell, acts: ReadonlyMap<string, CrmAct>): CrmAct | null {
  return (
    contactsBehind(cell)
      .map((id) => acts.get(id))
      .find((act) => act !== undefined) ?? null
  )
}
