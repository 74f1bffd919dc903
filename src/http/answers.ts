import { z } from 'zod'
import { MAX_ROWS, SMALL_ANSWER } from './answer-limits.js'
import type { CallContext, UnreadableRecord } from './call-context.js'
import { parseJson } from './parse-json.js'

/**
 * What is lost where an answer of an outside system does not fit: a record of it, which is counted and told (`record`), the
 * page and what reads it (`page`), or the call (`call`; a posted event too). Nothing more is ever lost.
 */
export type LossUnit = 'record' | 'page' | 'call'

/** A schema of what an outside system answers or posts. It demands what the product cannot work without. */
export interface Answer<S extends z.ZodType = z.ZodType> {
  /** `<system>.<what>`, unique. */
  readonly name: string
  /** Method and path template, for errors, counts and metrics. */
  readonly operation: string
  readonly lossUnit: LossUnit
  readonly schema: S
}

const REGISTERED = new Map<string, Answer>()

/** Every schema of an answer, by name; complete once its module was loaded. */
export const ANSWERS: ReadonlyMap<string, Answer> = REGISTERED

/** Makes a schema of an answer, the one way to read anything from outside (docs/architecture.md, "Tolerant reading"). */
export function answer<S extends z.ZodType>(facts: Omit<Answer, 'schema'>, schema: S): Answer<S> {
  if (REGISTERED.has(facts.name)) {
    throw new RangeError(`two answers are named ${facts.name}`)
  }
  const made = { ...facts, schema }
  REGISTERED.set(facts.name, made)
  return made
}

/** An object in an answer; what else it holds is dropped unseen. */
export const part = z.object

/** Entries of an answer, counted before one of them is looked at, and then read one by one: {@link readRecords}. */
export const entries = z.array(z.unknown()).max(MAX_ROWS)

/** What a value was read as, or where it does not fit (`consents.marketingSendouts.version`; never a value). */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly path: string
      readonly issue: z.core.$ZodIssue | undefined
    }

/** Reads a parsed value. */
export function readValue<S extends z.ZodType>(
  { schema }: Answer<S>,
  value: unknown,
): Reading<z.output<S>> {
  const result = schema.safeParse(value)
  if (result.success) {
    return { ok: true, value: result.data }
  }
  const issue = result.error.issues[0]
  return { ok: false, path: issuePath(issue?.path ?? []), issue }
}

/** Reads a small text: a posted event, a token, a part of a `$batch`; null where it does not fit. */
export function readSmallText<S extends z.ZodType>(
  answer: Answer<S>,
  text: string | Buffer,
): z.output<S> | null {
  const parsed = parseJson(text.toString(), SMALL_ANSWER.elements)
  const reading = parsed.ok ? readValue(answer, parsed.value) : parsed
  return reading.ok ? (reading.value as z.output<S>) : null
}

/**
 * Reads records one by one. One that does not fit is left out alone, and told to `onUnreadable`: others' rows (forms,
 * columns, webhooks) never stop ours. Whoever takes absence for an end asks whether all of them were read.
 */
export function readRecords<S extends z.ZodType>(
  answer: Answer<S>,
  records: readonly unknown[],
  context: CallContext | undefined,
): z.output<S>[] {
  return records.flatMap((record): z.output<S>[] => {
    const reading = readValue(answer, record)
    if (reading.ok) {
      return [reading.value]
    }
    context?.onUnreadable?.({ operation: answer.operation, path: reading.path, id: null })
    return []
  })
}

/** The path of a zod issue, e.g. `items[3].email`. */
function issuePath(path: readonly PropertyKey[]): string {
  const text = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${shownKey(String(step))}`))
    .join('')
  return text.replace(/^\./, '') || '(whole body)'
}

/** A key of a schema of ours; in a map keyed by their words, it may be anybody's. */
function shownKey(key: string): string {
  return /^[A-Za-z@._]{1,60}\d?$/.test(key) ? key : '?'
}

/**
 * Watches whether a record was left out of which not even the id could be read: whoever is not found may be that one then,
 * and is not known to be gone.
 */
export function watchingIds(context: CallContext): {
  readonly context: CallContext
  readonly allRead: () => boolean
} {
  let unknown = 0
  const onUnreadable = (record: UnreadableRecord) => {
    unknown += record.id === null ? 1 : 0
    context.onUnreadable?.(record)
  }
  return { context: { ...context, onUnreadable }, allRead: () => unknown === 0 }
}
