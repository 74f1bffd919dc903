import { ProblemsError, type Problem, describeShape } from './problems.js'
import { invalid, fault, type Fault, type Path, type Schema } from './schema.js'

/** Simple key names are shown, so that a misspelling can be found. Any other may be a value in the wrong place. */
const PLAIN_KEY = /^[\w.-]{1,60}$/

/** `contactIds.3`, `deadlin`; null for the complete input. */
export function dottedPath(path: Path): string | null {
  const parts = path.map((part) =>
    PLAIN_KEY.test(String(part)) ? String(part) : `(a key of ${String(part).length} characters)`,
  )
  return parts.length === 0 ? null : parts.join('.')
}

/** Describes a fault. @param show renders the value and decides what to redact. */
export function problemOf(
  { code, path, must, value }: Fault,
  show: (value: unknown, path: string) => string | null = describeShape,
): Problem {
  const where = dottedPath(path)
  return {
    code,
    message: sentence(where ?? 'The input', code, must),
    path: where,
    value: show(value, where ?? ''),
  }
}

function sentence(where: string, code: Problem['code'], must: string): string {
  switch (code) {
    case 'unknown_key':
      return must === '' ? `The key ${where} is unknown.` : `The key ${where} is unknown; ${must}`
    case 'value_missing':
    case 'value_invalid':
      return code === 'value_missing' ? `${where} ${must}.` : `${where} is not valid: ${must}.`
    default:
      return `${where} ${must}.`
  }
}

/** Problems reported per input. A message of 2 MB may have as many as it has keys. */
const MAX_PROBLEMS = 20

/**
 * Checks all arguments of a workflow or a message.
 * @returns the single argument.
 * @throws ProblemsError `value_missing`, `value_invalid`, `unknown_key` …, not retryable; it states only a value's kind
 * and size.
 */
export function judged<T>(schema: Schema<T>, given: readonly unknown[]): T {
  const [value] = given
  const faults = faultsOf(schema, given).slice(0, MAX_PROBLEMS)
  const [first, ...others] = faults.map((one) => problemOf(one))
  if (first !== undefined) {
    throw new ProblemsError([first, ...others])
  }
  return value as T
}

function faultsOf(schema: Schema<unknown>, given: readonly unknown[]): readonly Fault[] {
  if (given.length > 1) {
    return [invalid([], `must be one argument, not ${given.length}`, undefined)]
  }
  const [value] = given
  if (value === undefined) {
    return schema.mayLack
      ? []
      : [fault('value_missing', [], 'is missing: give one JSON object', undefined)]
  }
  return schema.faultsOf(value, [])
}

export const NOTHING: Schema<undefined> = {
  mayLack: true,
  faultsOf: (value, path) => [invalid(path, 'must be left out: this takes no argument', value)],
}
