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

/** A record after an acknowledged write. */
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
 * The rule for one kind of CRM value. The ledger stores both kinds as text, and a cell's rule knows its kind. The
 * members are methods and not properties, so that TypeScript accepts the rule of one kind as a rule over texts.
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

/** Legal bases, in a CRM that holds them itself. */
export const RICH_RULE: Rule = BASES

/** For a purpose with a record that cannot be read: only denies of the other records cross. */
export function partlyReadRule(capabilities: CrmCapabilities, isOldestRead: boolean): Rule {
  const kind = kindOf(capabilities.values)
  return {
    ...ruleFor(capabilities),
    decide: (observation, memory) => decidePartly(observation, memory, kind, isOldestRead),
    plan: planPartly,
  }
}

/**
 * For an address that records have only as a secondary one: their withdrawals reach eMarketeer, and nothing is written
 * to them.
 */
export const SECONDARY_RULE: Rule = {
  decide: decideForHolders,
  plan: (observation, memory) => planForHolders(observation, memory, kindOf('rich')),
  acknowledge: (memory) => memory,
}

/** For an address or category that every record has left: a deny left behind reaches eMarketeer. */
export const LEFT_TOGGLE_RULE: Rule = {
  ...SECONDARY_RULE,
  plan: (observation, memory) => planForHolders(observation, memory, kindOf('toggle')),
}

export function ruleFor(capabilities: CrmCapabilities): Rule {
  return capabilities.values === 'toggle' ? TOGGLE_RULE : RICH_RULE
}
