import { isPositive } from '../legal-basis.js'
import type { RichValue } from '../tenant-basis.js'
import type { LastWriter, RecordReading, RuleLine, ToggleValue } from './types.js'

/** How toggle and rich values differ. */
export interface ValueKind<V> {
  /** The value that forbids. */
  readonly deny: V
  /** Whether writing the value loosens: such writes go last. */
  readonly loosens: (value: V) => boolean
  /** The CRM cannot refuse a stale write, so a write of ours may overwrite a person's answer. */
  readonly blind: boolean
}

/** Allow and deny: Dynamics' bulk e-mail column, and Yes/No of a subscription. */
export const TOGGLE: ValueKind<ToggleValue> = {
  deny: 'deny',
  loosens: (value) => value === 'allow',
  blind: false,
}

/** Legal bases: SuperOffice (rule C2). Neither `none` nor a tenant's own basis is ever written. */
export const RICH: ValueKind<RichValue> = { deny: 'withdrawn', loosens: isPositive, blind: true }

/** The kind with this name, typed for values of both kinds as texts. */
export function kindOf(values: 'toggle' | 'rich'): ValueKind<string> {
  return (values === 'toggle' ? TOGGLE : RICH) as ValueKind<string>
}

/** Whether a consent denies, in either kind of CRM. */
export function isDeny(consent: { readonly value: string | null } | undefined): boolean {
  return consent?.value === RICH.deny || consent?.value === TOGGLE.deny
}

/** A record's value, or a deny if one is carried onto it (rule F5). */
export function effectiveValue<V>(record: RecordReading<V>, kind: ValueKind<V>): V {
  return record.carriedDeny ? kind.deny : record.value
}

/** Whether the writer is certainly not a person: we, or the CRM at creation. */
export function isNobodysAct(writer: LastWriter): boolean {
  return writer === 'us' || writer === 'default'
}

/**
 * Lines whose waiting loosening overrules no deny: a basis that crosses to a side without one, or a newly mapped basis
 * of the tenant's own.
 */
export const LINES_OVER_NO_DENY: readonly RuleLine[] = ['R1', 'R2', 'R4']
