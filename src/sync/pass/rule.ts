import type { CrmCapabilities } from '../../crm/crm.js'
import {
  acknowledgeRichRecord,
  acknowledgeToggleRecord,
  decideGuest,
  decidePartly,
  decideRich,
  decideToggle,
  kindOf,
  planGuest,
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
export interface AcknowledgedRecord {
  readonly recordId: string
  readonly value: StoredValue
  readonly version: string | null
  readonly lastWriter: LastWriter
  /** Rich CRMs: see {@link RecordReading.onlyInserted}. */
  readonly onlyInserted?: boolean
  /** Rich CRMs: see {@link Observation.firstVersion}. */
  readonly firstVersion: number | null
}

/** The rule for one kind of CRM value, over values as the ledger stores them. */
export interface Rule {
  decide(
    observation: Observation<StoredValue>,
    memory: CellMemory<StoredValue>,
  ): Decision<StoredValue>
  plan(
    observation: Observation<StoredValue>,
    memory: CellMemory<StoredValue>,
    decision: Decision<StoredValue>,
  ): Plan<StoredValue>
  acknowledge(memory: CellMemory<StoredValue>, record: AcknowledgedRecord): CellMemory<StoredValue>
}

/** Toggles: Dynamics' Bulk Email, and subscriptions in every CRM. */
export const TOGGLE_RULE: Rule = {
  decide: (observation, memory) =>
    decideToggle(observation as Observation<ToggleValue>, memory as CellMemory<ToggleValue>),
  plan: (observation, memory, decision) =>
    planToggle(
      observation as Observation<ToggleValue>,
      memory as CellMemory<ToggleValue>,
      decision as Decision<ToggleValue>,
    ),
  acknowledge: (memory, { recordId, value, version }) =>
    acknowledgeToggleRecord(
      memory as CellMemory<ToggleValue>,
      recordId,
      value as ToggleValue,
      version,
    ),
}

/** Legal bases held by the CRM itself. */
export const RICH_RULE: Rule = {
  decide: (observation, memory) =>
    decideRich(observation as Observation<RichValue>, memory as CellMemory<RichValue>),
  plan: (observation, memory, decision) =>
    planRich(
      observation as Observation<RichValue>,
      memory as CellMemory<RichValue>,
      decision as Decision<RichValue>,
    ),
  acknowledge: (memory, { value, version, firstVersion, ...record }) =>
    version === null
      ? memory
      : acknowledgeRichRecord(
          memory as CellMemory<RichValue>,
          { ...record, value: value as RichValue, version },
          firstVersion,
        ),
}

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
export const GUEST_RULE: Rule = {
  decide: decideGuest,
  plan: (observation, memory) => planGuest(observation, memory, kindOf('rich')),
  acknowledge: (memory) => memory,
}

/** An address, or a category of it, from which every record has gone: a deny that one left behind reaches eMarketeer. */
export const LEFT_TOGGLE_RULE: Rule = {
  ...GUEST_RULE,
  plan: (observation, memory) => planGuest(observation, memory, kindOf('toggle')),
}

/** The rule for a CRM's purposes. */
export function ruleFor(capabilities: CrmCapabilities): Rule {
  return capabilities.values === 'toggle' ? TOGGLE_RULE : RICH_RULE
}
