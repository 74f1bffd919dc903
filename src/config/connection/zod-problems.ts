import { z } from 'zod'
import { maskAddresses } from '../../telemetry/mask-addresses.js'
import { type Problem, describeShape, nearestKey } from '../../contracts/problems.js'

/** Keys are shown so that a misspelling can be found; a longer one is a value in the wrong place. */
const MAX_KEY = 60

type Issue = z.core.$ZodIssue
type Path = readonly PropertyKey[]

/**
 * Converts zod's issues to problems of the catalogue: unknown key, missing value, invalid value.
 * @param input what was parsed; only to distinguish a missing value from a wrong one.
 * @param schema the schema that parsed it, to suggest the key that a misspelt one means.
 * @param describe shows an invalid value at a path; it decides what is redacted.
 */
export function problemsOfZod(
  error: { readonly issues: readonly Issue[] },
  input: unknown,
  schema: z.ZodType,
  describe: (path: string, value: unknown) => string | null,
): readonly Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, input, schema, describe))
}

function problemsOfIssue(
  issue: Issue,
  input: unknown,
  schema: z.ZodType,
  describe: (path: string, value: unknown) => string | null,
): readonly Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = dotted([...issue.path, key])
      const meant = nearestKey(key, keysAt(schema, issue.path))
      const message = `The key ${path} is unknown${meant === null ? '.' : `; did you mean ${meant}?`}`
      return { code: 'unknown_key', message, path, value: null }
    })
  }
  const path = dotted(issue.path)
  const value = valueAt(input, issue.path)
  // A check across fields (custom) is reported at a field that may be absent; its own text states the fault.
  if (value === undefined && issue.code !== 'custom') {
    return [{ code: 'value_missing', message: `${path} is missing.`, path, value: null }]
  }
  return [
    {
      code: 'value_invalid',
      message: `${path} is not valid: ${maskAddresses(issue.message)}.`,
      path,
      value: describe(path, value),
    },
  ]
}

/** The keys that a schema knows at a path; none if it has no plain object there. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  const inner = unwrapped(schema)
  if (!(inner instanceof z.ZodObject)) {
    return []
  }
  const shape = inner.shape as Readonly<Record<string, z.ZodType>>
  const [first, ...rest] = path
  if (first === undefined) {
    return Object.keys(shape)
  }
  const next = shape[String(first)]
  return next === undefined ? [] : keysAt(next, rest)
}

/** The schema inside an optional, default, transformed or checked one. */
function unwrapped(schema: z.ZodType): z.ZodType {
  const { innerType, in: input } = schema.def as { innerType?: z.ZodType; in?: z.ZodType }
  const inner = innerType ?? input
  return inner === undefined ? schema : unwrapped(inner)
}

/** `contactIds.3`, `dynamics.clientSecret`; masks keys that look like an address, cuts long ones. */
export function dotted(path: Path): string {
  return path.map((part) => maskAddresses(String(part)).slice(0, MAX_KEY)).join('.')
}

/** The value at a path, or undefined. Own properties only. */
export function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<PropertyKey, unknown>)[key]
        : undefined,
    input,
  )
}

/** Longest part of a value that is shown. */
const MAX_SHOWN = 80

/** Text that shows as another value, or as less than it is, without quotes. */
const NEEDS_QUOTES = /^(?:true|false|null|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[\s"'[{].*|.*\s|)$/is

/**
 * As {@link describeShape}, but shows short text with addresses masked: for fields that never hold a secret. It is in
 * quotes if it could be taken for a value of another type.
 */
export function describeOpenly(value: unknown): string | null {
  if (typeof value !== 'string') {
    return describeShape(value)
  }
  const masked = maskAddresses(value)
  const shown = masked.length > MAX_SHOWN ? `${masked.slice(0, MAX_SHOWN)}…` : masked
  return NEEDS_QUOTES.test(shown) ? JSON.stringify(shown) : shown
}
