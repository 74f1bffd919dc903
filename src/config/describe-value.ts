import { describeShape } from '../contracts/describe-shape.js'
import { maskAddresses } from '../telemetry/mask-addresses.js'

/** Longest part of a value that is shown. */
const MAX_SHOWN = 80

/** As {@link describeShape}, but shows short text, addresses masked: for fields that never hold a secret. */
export function describeOpenly(value: unknown): string | null {
  if (typeof value !== 'string') {
    return describeShape(value)
  }
  const masked = maskAddresses(value)
  return masked.length > MAX_SHOWN ? `${masked.slice(0, MAX_SHOWN)}…` : masked
}
