import { isPositive } from '../legal-basis.js'
import type { RichValue } from '../tenant-basis.js'
import type { LastWriter, RecordReading, RuleLine, ToggleValue } from './types.js'

/** What the rule asks of a CRM's kind of value; the one place where toggle and rich differ in vocabulary. */
export interface ValueKind<V> {
  /** The value that forbids. */
  readonly deny: V
  /** Whether writing the value permits something: such writes go last. */
  readonly loosens: (value: V) => boolean
  /** The CRM cannot refuse a stale write: a person's answer may lie under a write of ours. */
  readonly blind: boolean
}

/** Allow and deny: Dynamics' bulk e-mail column, and Yes/No of a subscription. */
export const TOGGLE: ValueKind<ToggleValue> = {
  deny: 'deny',
  loosens: (value) => value === 'allow',
  blind: false,
}

/** Legal bases as they are: SuperOffice (rule C2). Neither `none` nor a tenant's own basis is ever written. */
export const RICH: ValueKind<RichValue> = { deny: 'withdrawn', loosens: isPositive, blind: true }

/** The kind by its name, over values of either as texts. */
export function kindOf(values: 'toggle' | 'rich'): ValueKind<string> {
  return (values === 'toggle' ? TOGGLE : RICH) as ValueKind<string>
}

/** Whether a consent denies, in either kind of CRM. */
export function isDeny(consent: { readonly value: string | null } | undefined): boolean {
  return consent?.value === RICH.deny || consent?.value === TOGGLE.deny
}

/** A record's value with a carried deny counted (rule F5). */
export function effectiveValue<V>(record: RecordReading<V>, kind: ValueKind<V>): V {
  return record.carriedDeny ? kind.deny : record.value
}

/** Whether the writer is certainly not a person: our own service, or the CRM at creation. */
export function isNobodysAct(writer: LastWriter): boolean {
  return writer === 'us' || writer === 'default'
}

/**
 * Lines at which a loosening waits although nobody denied: a basis that crosses to a side that has none, and a tenant's own
 * basis that the connection file maps now, beside an equal or another basis.
 */
export const LINES_OVER_NO_DENY: readonly RuleLine[] = ['R1', 'R2', 'R4']
