import { AppError, type ErrorDocument } from './app-error.js'
import type { ErrorCode } from './error-catalogue.js'

/** One fault in an input. */
export interface Problem {
  readonly code: ErrorCode
  /** A sentence without a secret, an address or a person. */
  readonly message: string
  /** Location, such as `dynamics.clientSecret` or `EMARKETEER_API_KEY`; null for the complete input. */
  readonly path: string | null
  /** The value, redacted. */
  readonly value: string | null
}

/** An {@link ErrorDocument} with all problems; the error itself is first. */
export interface ProblemsDocument extends ErrorDocument {
  readonly error: ErrorDocument['error'] & { readonly problems: readonly Problem[] }
}

/** Problems named in a message; the list itself is complete. */
const MAX_SHOWN = 20

/**
 * All problems of one input in one error, so that a file can be corrected in one edit. It has the first problem's code,
 * exit code and path, and all problems in its message. It is never retryable.
 */
export class ProblemsError extends AppError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly [Problem, ...Problem[]]) {
    const [first, ...others] = problems
    const shown = [first, ...others].slice(0, MAX_SHOWN).map(({ message }) => message)
    const more = problems.length - shown.length
    super(first.code, [...shown, ...(more > 0 ? [`And ${more} more.`] : [])].join(' '), {
      path: first.path,
      value: first.value,
    })
    this.problems = problems
  }

  override toDocument(): ProblemsDocument {
    const { error } = super.toDocument()
    return { error: { ...error, problems: this.problems } }
  }
}

export function throwProblems(problems: readonly Problem[]): void {
  const [first, ...others] = problems
  if (first !== undefined) {
    throw new ProblemsError([first, ...others])
  }
}

/**
 * Describes an invalid value that may be anything, even a pasted secret, by type and size only.
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

/** A word with more wrong letters is a different word. */
const MAX_EDITS = 2

/**
 * The known key that a misspelt one probably means: apart from case, at most two letters are added, missing or
 * different.
 * @returns null if none is near.
 */
export function nearestKey(key: string, known: readonly string[]): string | null {
  if (key.length > 60) {
    return null
  }
  const near = known
    .map((one) => ({ one, edits: editsBetween(key.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, edits }) => edits <= MAX_EDITS && edits < one.length / 2)
    .sort((a, b) => a.edits - b.edits)
  return near[0]?.one ?? null
}

/** Letters to insert, delete or replace to turn one word into the other (Levenshtein distance). */
function editsBetween(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, above[j]! + 1, row[j - 1]! + 1))
    }
    above = row
  }
  return above[b.length]!
}
