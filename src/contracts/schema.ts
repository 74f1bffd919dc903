import type { ErrorCode } from './error-catalogue.js'
import { nearestKey } from './problems.js'

/**
 * Schemas of external input: inputs of workflows, messages, requests. They are pure and use no package, so that
 * workflows, the command line and the client share them (a schema library would cost each cached workflow a megabyte).
 * A schema checks a value and does not change it.
 */

/** Path in the input: keys, and positions in lists. */
export type Path = readonly (string | number)[]

/** One fault in an input. */
export interface Fault {
  readonly code: ErrorCode
  readonly path: Path
  /**
   * The requirement, as text that follows the path: `must be text`. For an unknown key: the key that was probably
   * meant, or empty.
   */
  readonly must: string
  /** The value as received. Code that shows it must redact it. */
  readonly value: unknown
}

export interface Schema<T> {
  /** @returns the value's faults; empty: it is a `T`. */
  faultsOf(value: unknown, path: Path): readonly Fault[]
  /** Whether an object may lack the key. */
  readonly mayLack?: boolean
  /** For the compiler only. */
  readonly of?: T
}

/** A rule about an object as a whole, for relations between its keys. */
export type Rule = (input: Readonly<Record<string, unknown>>) => readonly Fault[]

/** Replaces a payload that could not be decoded (payload-converter.ts); every schema refuses it. */
export class Undecodable {
  /**
   * @param encoding the encoding that the payload named, shortened; null if it named none, or if its data did not fit.
   */
  constructor(readonly encoding: string | null) {}
}

const MAX_TEXT = 500

/**
 * Characters that the database cannot store (zero, half a surrogate pair): a write with one would be retried forever.
 */
const UNSTORABLE = /[\0\p{Surrogate}]/u

/** Text that matches a pattern. @param must the requirement: `must be 3 to 64 of a–z, 0–9 and "-"`. */
export function text(pattern: RegExp, must: string, mustBeText = 'must be text'): Schema<string> {
  return {
    faultsOf: (value, path) => {
      if (typeof value !== 'string') {
        return [invalid(path, mustBeText, value)]
      }
      return pattern.test(value) ? [] : [invalid(path, must, value)]
    },
  }
}

/** Whether a text can be stored as evidence: not empty, not too long, and storable. */
function isStorable(value: string): boolean {
  return value.trim() !== '' && value.length <= MAX_TEXT && !UNSTORABLE.test(value)
}

/** A text that a person wrote: not empty, at most 500 characters. */
export const words: Schema<string> = {
  faultsOf: (value, path) =>
    typeof value === 'string' && isStorable(value)
      ? []
      : [invalid(path, `must be text of 1 to ${MAX_TEXT} characters`, value)],
}

export const flag: Schema<boolean> = {
  faultsOf: (value, path) =>
    typeof value === 'boolean' ? [] : [invalid(path, 'must be true or false', value)],
}

/** An integer within inclusive bounds. */
export function wholeNumber(least: number, most: number): Schema<number> {
  const must = `must be a whole number from ${least} to ${most}`
  return {
    faultsOf: (value, path) =>
      Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
        ? []
        : [invalid(path, must, value)],
  }
}

export function oneOf<const T extends string>(values: readonly T[]): Schema<T> {
  const must = `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
  return {
    faultsOf: (value, path) =>
      values.some((known) => known === value) ? [] : [invalid(path, must, value)],
  }
}

const UTC = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z$/
/** A timer with a later end would overflow in the server. */
const LAST_YEAR = 2200
const LAST_MS = Date.UTC(LAST_YEAR, 0)

/** A time in ISO 8601, UTC, on an existing day. Other forms would be read in the worker's time zone. */
export const utcTime: Schema<string> = {
  faultsOf: (value, path) =>
    typeof value === 'string' && isUtcTime(value)
      ? []
      : [
          invalid(
            path,
            `must be a time in UTC, before ${LAST_YEAR}, such as 2026-11-21T10:00:00Z`,
            value,
          ),
        ],
}

function isUtcTime(value: string): boolean {
  const [, day] = UTC.exec(value) ?? []
  const ms = Date.parse(value)
  // 30 February would be read as 2 March.
  return ms >= 0 && ms < LAST_MS && new Date(ms).toISOString().startsWith(day!)
}

/** A list. @param most a longer one is not checked further, because it would have as many faults. */
export function list<T>(
  item: Schema<T>,
  { least = 0, most, tooMany = 'value_invalid' }: ListBounds,
): Schema<readonly T[]> {
  return {
    faultsOf: (value, path) => {
      if (!Array.isArray(value)) {
        return [invalid(path, 'must be a list', value)]
      }
      if (value.length < least) {
        return [invalid(path, `must name at least ${least}`, value)]
      }
      return value.length > most
        ? [
            fault(
              tooMany,
              path,
              `names ${value.length}; at most ${most} are accepted`,
              value.length,
            ),
          ]
        : value.flatMap((one, index) => item.faultsOf(one, [...path, index]))
    },
  }
}

interface ListBounds {
  readonly least?: number
  readonly most: number
  readonly tooMany?: ErrorCode
}

/** The same schema; also accepts null. */
export function orNull<T>(schema: Schema<T>): Schema<T | null> {
  return {
    ...(schema.mayLack ? { mayLack: true } : {}),
    faultsOf: (value, path) => (value === null ? [] : schema.faultsOf(value, path)),
  }
}

/** The same schema; the value may be absent. Undefined counts as absent, as in JSON. */
export function optional<T>(schema: Schema<T>): Schema<T | undefined> {
  return {
    mayLack: true,
    faultsOf: (value, path) => (value === undefined ? [] : schema.faultsOf(value, path)),
  }
}

/** An object with more unknown keys does not contain misspellings. */
const MAX_GUESSES = 20

/** The known key nearest to this one; empty if none is near. */
function meantBy(key: string, keys: object): string {
  const meant = nearestKey(key, Object.keys(keys))
  return meant === null ? '' : `did you mean ${meant}?`
}

/** An object with exactly these keys. @param rules are checked even if keys have faults. */
export function object<T extends object>(
  keys: { readonly [K in keyof Required<T>]: Schema<T[K]> },
  ...rules: readonly Rule[]
): Schema<T> {
  const known = Object.entries<Schema<unknown>>(keys)
  return {
    faultsOf: (value, path) => {
      if (!isPlainObject(value)) {
        return [invalid(path, 'must be a JSON object', value)]
      }
      const unknown = Object.keys(value).filter(
        (key) => !Object.hasOwn(keys, key) && value[key] !== undefined,
      )
      return [
        ...known.flatMap(([key, schema]) => faultsOfKey(value, key, schema, path)),
        ...unknown.map((key, at) =>
          fault(
            'unknown_key',
            [...path, key],
            at < MAX_GUESSES ? meantBy(key, keys) : '',
            undefined,
          ),
        ),
        ...rules.flatMap((rule) => rule(value)),
      ]
    },
  }
}

function faultsOfKey(
  value: Readonly<Record<string, unknown>>,
  key: string,
  schema: Schema<unknown>,
  path: Path,
): readonly Fault[] {
  const at = [...path, key]
  const given = Object.hasOwn(value, key) ? value[key] : undefined
  if (given !== undefined) {
    return schema.faultsOf(given, at)
  }
  return schema.mayLack ? [] : [fault('value_missing', at, 'is missing', undefined)]
}

/**
 * Whether a value is a JSON object, not a list or bytes. It compares the tag, because workflows have a realm of their
 * own.
 */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]' && !isUndecodable(value)
}

export function invalid(path: Path, must: string, value: unknown): Fault {
  return isUndecodable(value)
    ? fault('value_invalid', path, mustBeJson(value), undefined)
    : fault('value_invalid', path, must, value)
}

export function fault(code: ErrorCode, path: Path, must: string, value: unknown): Fault {
  return { code, path, must, value }
}

function isUndecodable(value: unknown): value is Undecodable {
  return value instanceof Undecodable
}

function mustBeJson({ encoding }: Undecodable): string {
  const known = encoding !== null && /^[\w/.+-]+$/.test(encoding)
  return `must be JSON (encoding json/plain)${known ? `, not ${encoding}` : ''}`
}
