import { isPositive, type LegalBasis } from '../legal-basis.js'
import type { LastWriter, RecordReading, ToggleValue } from './types.js'

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

/** Legal bases as they are: SuperOffice (rule C2). `none` is never written, so it never loosens. */
export const RICH: ValueKind<LegalBasis> = { deny: 'withdrawn', loosens: isPositive, blind: true }

/** A record's value with a carried deny counted (rule F5). */
export function effectiveValue<V>(record: RecordReading<V>, kind: ValueKind<V>): V {
  return record.carriedDeny ? kind.deny : record.value
}

/** Whether the writer is certainly not a person: our own service, or the CRM at creation. */
export function isNobodysAct(writer: LastWriter): boolean {
  return writer === 'us' || writer === 'default'
}
