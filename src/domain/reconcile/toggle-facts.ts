import { compare, type Comparison } from './compare.js'
import { inheritedDenies } from './departed.js'
import { openGuards } from './doubt.js'
import { usableStamp } from './stamps.js'
import type { CellMemory, Observation, RecordReading, ToggleValue } from './types.js'
import { effectiveValue, isNobodysAct, TOGGLE } from './values.js'

/** What the lines of the toggle table are read from. */
export interface ToggleFacts {
  readonly observation: Observation<ToggleValue>
  readonly memory: CellMemory<ToggleValue>
  readonly comparison: Comparison<ToggleValue>
  /** Deny if any live record denies, carries a deny, or a departed one's deny is not settled. */
  readonly crm: ToggleValue
  readonly inheritedDeny: boolean
  readonly crmMaybeOurs: boolean
}

/** Reads the facts off an observation and what is stored. */
export function gatherToggleFacts(
  observation: Observation<ToggleValue>,
  memory: CellMemory<ToggleValue>,
): ToggleFacts {
  const { records } = observation
  const inheritedDeny = inheritedDenies(observation, memory, TOGGLE).length > 0
  const anyDenies = records.some((record) => effectiveValue(record, TOGGLE) === 'deny')
  return {
    observation,
    memory,
    comparison: compare(observation, memory),
    crm: anyDenies || inheritedDeny ? 'deny' : 'allow',
    inheritedDeny,
    crmMaybeOurs: records.some((record) => maybeOurAllow(record, memory.openAllow)),
  }
}

/** An Allow of ours may have landed late; without this guard it is read back as a CRM user's flip. */
function maybeOurAllow(
  record: RecordReading<ToggleValue>,
  openAllow: Readonly<Record<string, string>>,
): boolean {
  return (
    record.value === 'allow' &&
    openGuards(record, openAllow).some((guard) => guard !== record.version)
  )
}

/** The records whose own value is deny. */
export function denying(records: readonly RecordReading<ToggleValue>[]) {
  return records.filter((record) => record.value === 'deny')
}

/**
 * A deny that came from elsewhere: when it was given is unknown, so nothing can be proven later than it, also where
 * the record itself denies as well (without this, a deny carried onto a denying record is lost to an older act).
 */
export function carriesDeny(observation: Observation<ToggleValue>): boolean {
  return observation.records.some((record) => record.carriedDeny)
}

/** No stamp, although a person may have set the value: field history could tell. */
export function lacksStamp(record: RecordReading<ToggleValue>): boolean {
  return usableStamp(record) === null && !isNobodysAct(record.lastWriter)
}
