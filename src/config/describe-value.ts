import { maskAddresses } from '../telemetry/mask-addresses.js'

/** Longest part of a value that is shown. */
const MAX_SHOWN = 80

/**
 * How an invalid value is shown where it may be anything, a pasted secret included: its type and size only.
 *
 * @returns null for an absent value.
 */
export function describeShape(value: unknown): string | null {
  if (value === undefined) {
    return null
  }
  if (value === null || typeof value === 'boolean' || typeof value === 'number') {
    return String(value)
  }
  if (typeof value === 'string') {
    return `text of ${value.length} characters`
  }
  return Array.isArray(value) ? `list of ${value.length}` : 'object'
}

/** As {@link describeShape}, but shows short text, addresses masked: for fields that never hold a secret. */
export function describeOpenly(value: unknown): string | null {
  if (typeof value !== 'string') {
    return describeShape(value)
  }
  const masked = maskAddresses(value)
  return masked.length > MAX_SHOWN ? `${masked.slice(0, MAX_SHOWN)}…` : masked
}
