import type { ErrorCode } from './error-catalogue.js'
import { nearestKey } from './nearest-key.js'

/**
 * A small kit of schemas for what comes in from outside: inputs of workflows, their messages, requests. Pure and without
 * packages, so that workflows judge by the very schemas that the command line and the client judge by (a schema library
 * would cost each cached workflow a megabyte). A schema judges; it changes nothing.
 */

/** Where in the input: names of keys, and positions in lists. */
export type Path = readonly (string | number)[]

/** One thing that is wrong with an input. */
export interface Fault {
  readonly code: ErrorCode
  readonly path: Path
  /** What must be, to follow the place: `must be text`. Of an unknown key: which one was meant, or empty. */
  readonly must: string
  /** The value as it came; whoever shows it redacts it. */
  readonly value: unknown
}

/** What a value must be. */
export interface Schema<T> {
  /** @returns what is wrong with the value; empty: it is a `T`. */
  faultsOf(value: unknown, path: Path): readonly Fault[]
  /** As a key of an object it may be left out. */
  readonly mayLack?: boolean
  /** For the compiler alone. */
  readonly of?: T
}

/** A rule about an object as a whole, for what holds between its keys. */
export type Rule = (input: Readonly<Record<string, unknown>>) => readonly Fault[]

/** Stands in place of a payload that could not be decoded (payload-converter.ts): whoever judges what comes in refuses it. */
export class Undecodable {
  /** @param encoding as the payload named it, shortened; null where it named none, or the data did not fit it. */
  constructor(readonly encoding: string | null) {}
}

/** Text that may be anything, up to this long. */
const MAX_TEXT = 500

/** Nothing in it that a database does not store (a zero character, half a surrogate pair): it would be tried for ever. */
const UNSTORABLE = /[\0\p{Surrogate}]/u

/** Text of a form. @param must in words: `must be 3 to 64 of a–z, 0–9 and "-"`. */
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

/** Whether a text can be kept as evidence: neither empty nor too long, and storable. */
function isTelling(value: string): boolean {
  return value.trim() !== '' && value.length <= MAX_TEXT && !UNSTORABLE.test(value)
}

/** Words of a person: not empty, at most 500 characters. */
export const words: Schema<string> = {
  faultsOf: (value, path) =>
    typeof value === 'string' && isTelling(value)
      ? []
      : [invalid(path, `must be text of 1 to ${MAX_TEXT} characters`, value)],
}

/** True or false. */
export const flag: Schema<boolean> = {
  faultsOf: (value, path) =>
    typeof value === 'boolean' ? [] : [invalid(path, 'must be true or false', value)],
}

/** A whole number within bounds, both included. */
export function wholeNumber(least: number, most: number): Schema<number> {
  const must = `must be a whole number from ${least} to ${most}`
  return {
    faultsOf: (value, path) =>
      Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
        ? []
        : [invalid(path, must, value)],
  }
}

/** One of some words. */
export function oneOf<const T extends string>(values: readonly T[]): Schema<T> {
  const must = `must be ${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
  return {
    faultsOf: (value, path) =>
      values.some((known) => known === value) ? [] : [invalid(path, must, value)],
  }
}

const UTC = /^(\d{4}-\d\d-\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?Z$/
/** A timer beyond some year would overflow in the server; nobody plans that far. */
const LAST_YEAR = 2200
const LAST_MS = Date.UTC(LAST_YEAR, 0)

/** A moment, ISO UTC, on a day that there is. Other forms would be taken for times of the worker's own zone. */
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
  // 30 February is taken for 2 March.
  return ms >= 0 && ms < LAST_MS && new Date(ms).toISOString().startsWith(day!)
}

/** A list. @param most a longer one is not looked into: its faults would be as many. */
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
        ? [fault(tooMany, path, `names ${value.length}; at most ${most} are taken`, value.length)]
        : value.flatMap((one, index) => item.faultsOf(one, [...path, index]))
    },
  }
}

interface ListBounds {
  readonly least?: number
  readonly most: number
  readonly tooMany?: ErrorCode
}

/** May also be null. */
export function orNull<T>(schema: Schema<T>): Schema<T | null> {
  return {
    ...(schema.mayLack ? { mayLack: true } : {}),
    faultsOf: (value, path) => (value === null ? [] : schema.faultsOf(value, path)),
  }
}

/** May also be left out; what is undefined is left out, as it would be in JSON. */
export function optional<T>(schema: Schema<T>): Schema<T | undefined> {
  return {
    mayLack: true,
    faultsOf: (value, path) => (value === undefined ? [] : schema.faultsOf(value, path)),
  }
}

/** Beyond as many unknown keys it is no misspelling. */
const MAX_GUESSES = 20

/** Empty where no known key is near. */
function meantBy(key: string, keys: object): string {
  const meant = nearestKey(key, Object.keys(keys))
  return meant === null ? '' : `did you mean ${meant}?`
}

/** An object with these keys and no others. @param rules are asked whatever its keys are like. */
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

/** Whether a value is an object as JSON has it: no list, no bytes. By its tag, since workflows have a realm of their own. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]' && !isUndecodable(value)
}

/** A fault of the code `value_invalid`. */
export function invalid(path: Path, must: string, value: unknown): Fault {
  return isUndecodable(value)
    ? fault('value_invalid', path, mustBeJson(value), undefined)
    : fault('value_invalid', path, must, value)
}

/** A fault. */
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
