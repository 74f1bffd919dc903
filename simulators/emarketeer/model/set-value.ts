import type { Account } from './account.js'
import type { Address } from './contacts.js'
import type { LoggedChange } from './feed.js'
import {
  type Actor,
  type Basis,
  categoryOf,
  iso,
  type StoredValue,
  type ValueKey,
  type Writer,
} from './values.js'

/** A decision about one value of one address. */
export interface Setting {
  readonly value: Basis | boolean
  readonly eventTimeMs: number
  readonly source: string
  readonly actor: Actor | null
  readonly text?: string | null | undefined
  readonly comment?: string | null | undefined
  readonly writer?: Writer | undefined
  readonly silent?: boolean | undefined
}

/** The current value; if never set, consent `none` or subscription ON, version 0. */
export function currentValue(
  address: Address | undefined,
  key: ValueKey,
): { value: Basis | boolean; version: number; stored: StoredValue | null } {
  const stored = address?.values?.[key] ?? null
  const unset = categoryOf(key) === null ? 'none' : true
  return { value: stored?.value ?? unset, version: stored?.version ?? 0, stored }
}

/** Stores a decision, with its change in the feed. */
export function setValue(
  account: Account,
  address: Address,
  key: ValueKey,
  setting: Setting,
): LoggedChange {
  const before = currentValue(address, key)
  const version = before.version + 1
  const categoryId = categoryOf(key)
  const point = (value: Basis | boolean, at: number, eventTimeMs: number | null) => ({
    ...(categoryId === null ? { legalBasis: value } : { subscribed: value }),
    version: at,
    eventTime: eventTimeMs === null ? null : iso(eventTimeMs),
  })
  const old = point(before.value, before.version, before.stored?.eventTimeMs ?? null)
  const now = point(setting.value, version, setting.eventTimeMs)
  const text = setting.text ?? null
  const comment = setting.comment ?? null
  const change = account.feed.append({
    type: categoryId === null ? 'consent.changed' : 'subscription.changed',
    contactIds: address.contactIds.map(String),
    email: address.email,
    eventTimeMs: setting.eventTimeMs,
    source: setting.source,
    actor: setting.actor,
    writer: setting.writer ?? null,
    detail:
      categoryId === null
        ? { purpose: key, old, new: now, text, comment }
        : { categoryId, old, new: now },
    silent: setting.silent ?? false,
  })
  address.values = {
    ...address.values,
    [key]: {
      value: setting.value,
      version,
      eventTimeMs: setting.eventTimeMs,
      recordedAtMs: change.recordedAtMs,
      source: setting.source,
      actor: setting.actor,
      text,
      comment,
    },
  }
  return change
}
