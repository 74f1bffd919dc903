import { randomUUID } from 'node:crypto'
import { isPurposeCell } from '../../domain/cell-key.js'
import { isPositive } from '../../domain/legal-basis.js'
import {
  meaningOf,
  NOTHING_MAPPED,
  tenantKeyOf,
  type RichValue,
} from '../../domain/tenant-basis.js'
import type { Actor } from '../../emarketeer/index.js'
import type { ConsentEvent } from '../../ledger/evidence/consent-events.js'
import { contactOfRecord } from '../view/observe.js'
import type { DecidedCell } from './decide-cells.js'
import { TOGGLE_RULE } from './rule.js'
import type { SyncRun } from '../../ledger/run/runs.js'

/** Who acted in the CRM and when, as far as a source states it. */
export interface CrmAct {
  readonly userId: string | null
  /** The moment by field history; null: only a range is known. */
  readonly atMs: number | null
}

/** The facts that a write to eMarketeer states about the act behind it. */
export interface ActDescription {
  readonly actor: Actor
  readonly eventTimeMs: number
  readonly comment: string | null
  /** The act happened within this range. */
  readonly fromMs: number | null
  readonly toMs: number
}

/**
 * Describes the CRM user's act behind a write to eMarketeer. The time errs on the safe side: the latest possible moment
 * for a deny, the earliest for a positive basis. The comment contains the range.
 */
export function describeAct(cell: DecidedCell, act: CrmAct | null, nowMs: number): ActDescription {
  const positive = isPositive(cell.decision.emarketeerTarget)
  const row = rowTimesOf(cell)
  const fromMs = act?.atMs ?? row?.onlyWriteMs ?? cell.row.seenAtMs ?? row?.insertedMs ?? null
  const toMs = act?.atMs ?? (row ? Math.min(nowMs, row.toMs) : nowMs)
  const actor: Actor = { type: 'crmUser', id: act?.userId ?? null, name: null }
  const eventTimeMs = Math.round(positive ? (fromMs ?? toMs) : toMs)
  if (!isPurposeCell(cell.cellKey)) {
    return { actor, eventTimeMs, comment: null, fromMs, toMs }
  }
  const comment = `${whatWasDone(cell, positive)} ${range(fromMs, toMs)}${replaced(cell, positive)}`
  return { actor, eventTimeMs, comment, fromMs, toMs }
}

/** When a row's present value was set, according to the row. */
interface RowRange {
  /** The earliest moment, if the row shows only one write. */
  readonly onlyWriteMs: number | null
  /** The earliest moment at which the row was created. */
  readonly insertedMs: number | null
  readonly toMs: number
}

/**
 * The range in which the row's value was set, if that value crosses. A later write may have repeated the value. So the
 * stamp is the latest possible moment, and it is the earliest one only if the row shows a single write.
 */
function rowTimesOf({ observation, decision, view, cellKey }: DecidedCell): RowRange | null {
  const record = observation.records[0]
  const stamp = record?.stamp ?? null
  const mapping = observation.basisMapping ?? NOTHING_MAPPED
  if (
    stamp === null ||
    record?.lastWriter !== 'user' ||
    meaningOf(record.value as RichValue, mapping) !== decision.emarketeerTarget
  ) {
    return null
  }
  const { rowTime } = decision.inputs
  const consent = isPurposeCell(cellKey) ? view.contacts[0]?.consents[cellKey] : undefined
  const registeredMs = consent?.times?.registeredMs ?? null
  const isOnlyWrite = record.onlyInserted === true || rowTime === 'counts' || rowTime === undefined
  return {
    onlyWriteMs: isOnlyWrite ? stamp.atMs - stamp.epsMs : null,
    insertedMs: registeredMs === null ? null : registeredMs - stamp.epsMs,
    toMs: stamp.atMs + stamp.epsMs,
  }
}

function whatWasDone(cell: DecidedCell, positive: boolean): string {
  if (cell.rule === TOGGLE_RULE) {
    return positive ? 'Bulk Email set to Allow' : 'Bulk Email set to Do not allow'
  }
  const target = cell.decision.emarketeerTarget
  return cell.decision.line === 'R0'
    ? `Legal basis set to ${target} because an answer may have been overwritten`
    : `Legal basis set to ${target} in the CRM${ownName(cell)}`
}

/** Names the tenant's own basis that the connection file maps. */
function ownName({ observation }: DecidedCell): string {
  const key = tenantKeyOf(observation.records[0]?.value ?? '')
  return key === null ? '' : `, where it is ${key}`
}

function replaced({ rule, row }: DecidedCell, positive: boolean): string {
  const evidence = rule === TOGGLE_RULE ? '; evidence: none, replaces' : '; replaces'
  return positive ? `${evidence} ${row.basis}` : ''
}

function range(fromMs: number | null, toMs: number): string {
  const to = new Date(toMs).toISOString()
  if (fromMs === null) {
    return `before ${to}`
  }
  return fromMs === toMs ? `at ${to}` : `between ${new Date(fromMs).toISOString()} and ${to}`
}

/** The consent event of a decision that writes (rule F6). */
export function consentEventOf(
  cell: DecidedCell,
  act: CrmAct | null,
  run: SyncRun,
  nowMs: number,
): ConsentEvent {
  const { decision, row, observation } = cell
  const moved = sideThatMoved(cell)
  const target = decision.emarketeerTarget
  const fabricated = target !== row.basis && isPositive(target)
  const described = moved === 'emarketeer' ? null : describeAct(cell, act, nowMs)
  return {
    eventId: randomUUID(),
    connectionId: run.connectionId,
    addressId: row.addressId,
    cellKey: cell.cellKey,
    line: decision.line,
    inputs: decision.inputs,
    ambiguous: decision.ambiguous,
    movedSide: moved,
    emarketeerOld: row.basis,
    emarketeerNew: target,
    crmOld: values(observation.records.map((record) => record.value)),
    crmNew: values(decision.recordTargets.map((record) => record.target)),
    actorType: described?.actor.type ?? row.actor?.split(':')[0] ?? null,
    actorId: described ? (act?.userId ?? null) : (row.actor?.split(':')[1] ?? null),
    actedFromMs: described ? described.fromMs : row.eventAtMs,
    actedToMs: described ? described.toMs : (row.recordedAtMs ?? row.eventAtMs),
    evidence: evidenceOf(cell, { fabricated, moved, userId: act?.userId ?? null }),
    replacedBasis: fabricated ? row.basis : null,
    trigger: run.trigger,
    workflowId: run.workflowId,
    runId: run.runId,
  }
}

/** The evidence of the event. A source in eMarketeer proves nothing about the act in the CRM that replaced it. */
function evidenceOf(
  { rule, row }: DecidedCell,
  facts: {
    readonly fabricated: boolean
    readonly moved: ConsentEvent['movedSide']
    readonly userId: string | null
  },
): string | null {
  if (facts.fabricated) {
    // A rich CRM records the basis itself. An Allow in a toggle is not evidence (B5).
    const what = rule === TOGGLE_RULE ? 'none, set' : 'recorded in the CRM'
    return `${what} by CRM user ${facts.userId ?? 'unknown'}`
  }
  return facts.moved === 'emarketeer' ? row.source : null
}

/** The side whose value crosses to the other. */
function sideThatMoved({ decision, row, plan }: DecidedCell): ConsentEvent['movedSide'] {
  const toEmarketeer = decision.emarketeerTarget !== row.basis
  const toCrm = plan.writes.some((write) => write.side === 'crm')
  if (toEmarketeer && toCrm) {
    return 'both'
  }
  return toEmarketeer ? 'crm' : toCrm ? 'emarketeer' : 'none'
}

function values(all: readonly string[]): string {
  return [...new Set(all)].sort().join('+')
}

/** CRM contacts of the cell's records, whose acts are looked up. */
export function contactsBehind(cell: DecidedCell): readonly string[] {
  return cell.observation.records.map((record) =>
    contactOfRecord(cell.view, cell.cellKey, record.recordId),
  )
}
