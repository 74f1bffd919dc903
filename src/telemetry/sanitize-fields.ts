import { describeError } from './describe-error.js'
import { shapeOf, type FieldShape } from './log-fields.js'
import { maskAddresses } from './mask-addresses.js'

/** Ids, codes and paths are short; what is longer was put there by mistake. */
const MAX_TEXT = 300

/** Entries of a counts map, words of a list. */
const MAX_ENTRIES = 50

/** Keys of a counts map are words of ours (`consentWithdrawn`); a map keyed by address is refused. */
const COUNT_KEY = /^[A-Za-z][\w.:-]{0,63}$/

/** What is left of a line's fields, and how many were not allowed. */
export interface SanitizedFields {
  readonly fields: Readonly<Record<string, unknown>>
  readonly dropped: number
}

/** Keeps the known fields that have their shape, and counts the others. Names of dropped fields are not kept. */
export function sanitizeFields(given: object): SanitizedFields {
  const fields: Record<string, unknown> = {}
  let dropped = 0
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) {
      continue
    }
    const shape = shapeOf(name)
    const kept = shape === undefined ? undefined : value === null ? null : keep(shape, value)
    if (kept === undefined) {
      dropped += 1
    } else {
      fields[name] = kept
    }
  }
  return { fields, dropped }
}

/** @returns undefined where the value does not have the field's shape. */
function keep(shape: FieldShape, value: unknown): unknown {
  switch (shape) {
    case 'text':
      return typeof value === 'string' ? shortText(value) : undefined
    case 'number':
      return typeof value === 'number' ? value : undefined
    case 'flag':
      return typeof value === 'boolean' ? value : undefined
    case 'counts':
      return keepCounts(value)
    case 'list':
      return Array.isArray(value) && value.every((word) => typeof word === 'string')
        ? value.slice(0, MAX_ENTRIES).map(shortText)
        : undefined
    case 'error':
      return describeError(value)
  }
}

function keepCounts(value: unknown): Record<string, number> | undefined {
  if (typeof value !== 'object' || value === null) {
    return undefined
  }
  const entries = Object.entries(value).slice(0, MAX_ENTRIES)
  return entries.every(([key, count]) => COUNT_KEY.test(key) && typeof count === 'number')
    ? (Object.fromEntries(entries) as Record<string, number>)
    : undefined
}

/** What steers a terminal, on which logs are read too; JSON escapes only a part of it. */
const STEERING = /[\p{Cc}\u2028-\u202E\u2066-\u2069]+/gu

function shortText(text: string): string {
  const masked = maskAddresses(text).replace(STEERING, ' ')
  return masked.length > MAX_TEXT ? `${masked.slice(0, MAX_TEXT)}…` : masked
}
