import { z } from 'zod'
import type { CallContext, UnreadableRecord } from './call-context.js'
import { parseJson, MAX_ROWS, SMALL_ANSWER } from './parse-json.js'

/**
 * What is lost if an outside system's answer does not fit its schema: one record, which is counted and reported
 * (`record`), the page and its reader (`page`), or the call (`call`; also a posted event). Never more than that.
 */
export type LossUnit = 'record' | 'page' | 'call'

/** A schema of an outside system's answer or posted event. It requires only the parts that the product needs. */
export interface Answer<S extends z.ZodType = z.ZodType> {
  /** `<system>.<what>`, unique. */
  readonly name: string
  /** Method and path template, for errors, counts and metrics. */
  readonly operation: string
  readonly lossUnit: LossUnit
  readonly schema: S
}

const REGISTERED = new Map<string, Answer>()

/** Every answer schema, by name. A schema is registered when its module is loaded. */
export const ANSWERS: ReadonlyMap<string, Answer> = REGISTERED

/** Creates an answer schema. Everything from outside is read by one (docs/architecture.md, "Tolerant reading"). */
export function answer<S extends z.ZodType>(facts: Omit<Answer, 'schema'>, schema: S): Answer<S> {
  if (REGISTERED.has(facts.name)) {
    throw new RangeError(`two answers are named ${facts.name}`)
  }
  const made = { ...facts, schema }
  REGISTERED.set(facts.name, made)
  return made
}

/** An object in an answer. Its other fields are dropped. */
export const part = z.object

/** Entries of an answer. They are counted first, then {@link readRecords} reads them one by one. */
export const entries = z.array(z.unknown()).max(MAX_ROWS)

/** The value read, or the path that does not fit (`consents.marketingSendouts.version`; never a value). */
export type Reading<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false
      readonly path: string
      readonly issue: z.core.$ZodIssue | undefined
    }

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

/** Reads a small text: a posted event, a token, a part of a `$batch`; null if it does not fit. */
export function readSmallText<S extends z.ZodType>(
  answer: Answer<S>,
  text: string | Buffer,
): z.output<S> | null {
  const parsed = parseJson(text.toString(), SMALL_ANSWER.elements)
  const reading = parsed.ok ? readValue(answer, parsed.value) : parsed
  return reading.ok ? (reading.value as z.output<S>) : null
}

/**
 * Reads records one by one. One that does not fit is left out and reported to `onUnreadable`, so that others' rows
 * (forms, columns, webhooks) never stop ours. A caller to which absence means an end must check that all were read.
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

function issuePath(path: readonly PropertyKey[]): string {
  const text = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${shownKey(String(step))}`))
    .join('')
  return text.replace(/^\./, '') || '(whole body)'
}

/** A key of one of our schemas. In a map keyed by the other system's words it may be anything. */
function shownKey(key: string): string {
  return /^[A-Za-z@._]{1,60}\d?$/.test(key) ? key : '?'
}

/**
 * Notes whether a record was left out whose id was unreadable too. A contact that is not found may then be that record,
 * and does not count as deleted.
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
