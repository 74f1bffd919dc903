import type { CrmCapabilities } from '../../crm/crm.js'
import {
  acknowledgeRichRecord,
  acknowledgeToggleRecord,
  decideForHolders,
  decidePartly,
  decideRich,
  decideToggle,
  kindOf,
  planForHolders,
  planPartly,
  planRich,
  planToggle,
  type CellMemory,
  type Decision,
  type LastWriter,
  type Observation,
  type Plan,
  type ToggleValue,
} from '../../domain/reconcile/index.js'
import type { RichValue } from '../../domain/tenant-basis.js'
import type { StoredValue } from '../../ledger/copy/cells.js'

/** A record as an acknowledged write left it. */
export interface AcknowledgedRecord<V = StoredValue> {
  readonly recordId: string
  readonly value: V
  readonly version: string | null
  readonly lastWriter: LastWriter
  /** Rich CRMs: see {@link RecordReading.onlyInserted}. */
  readonly onlyInserted?: boolean
  /** Rich CRMs: see {@link Observation.firstVersion}. */
  readonly firstVersion: number | null
}

/**
 * The rule for one kind of CRM value. To the ledger both kinds are texts, and a cell's rule knows which kind its texts are: so
 * that the rule of one kind passes for one over texts, these are methods and no properties.
 */
export interface Rule<V = StoredValue> {
  decide(observation: Observation<V>, memory: CellMemory<V>): Decision<V>
  plan(observation: Observation<V>, memory: CellMemory<V>, decision: Decision<V>): Plan<V>
  acknowledge(memory: CellMemory<V>, record: AcknowledgedRecord<V>): CellMemory<V>
}

const TOGGLES: Rule<ToggleValue> = {
  decide: decideToggle,
  plan: planToggle,
  acknowledge: (memory, { recordId, value, version }) =>
    acknowledgeToggleRecord(memory, recordId, value, version),
}

const BASES: Rule<RichValue> = {
  decide: decideRich,
  plan: planRich,
  acknowledge: (memory, { version, firstVersion, ...record }) =>
    version === null ? memory : acknowledgeRichRecord(memory, { ...record, version }, firstVersion),
}

/** Toggles: Dynamics' Bulk Email, and subscriptions in every CRM. */
export const TOGGLE_RULE: Rule = TOGGLES

/** Legal bases held by the CRM itself. */
export const RICH_RULE: Rule = BASES

/** A purpose of which some record cannot be read: only what denies crosses, among the others. */
export function partlyReadRule(capabilities: CrmCapabilities, isOldestRead: boolean): Rule {
  const kind = kindOf(capabilities.values)
  return {
    ...ruleFor(capabilities),
    decide: (observation, memory) => decidePartly(observation, memory, kind, isOldestRead),
    plan: planPartly,
  }
}

/** An address that CRM records have only as a further one: their withdrawals reach eMarketeer, nothing is written to them. */
export const SECONDARY_RULE: Rule = {
  decide: decideForHolders,
  plan: (observation, memory) => planForHolders(observation, memory, kindOf('rich')),
  acknowledge: (memory) => memory,
}

/** An address, or a category of it, from which every record has gone: a deny that one left behind reaches eMarketeer. */
export const LEFT_TOGGLE_RULE: Rule = {
  ...SECONDARY_RULE,
  plan: (observation, memory) => planForHolders(observation, memory, kindOf('toggle')),
}

/** The rule for a CRM's purposes. */
export function ruleFor(capabilities: CrmCapabilities): Rule {
  return capabilities.values === 'toggle' ? TOGGLE_RULE : RICH_RULE
}
