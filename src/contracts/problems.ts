import { AppError, type ErrorDocument } from './app-error.js'
import type { ErrorCode } from './error-catalogue.js'

/** One fault in an input. */
export interface Problem {
  readonly code: ErrorCode
  /** A sentence without any secret, address or person. */
  readonly message: string
  /** Location: `dynamics.clientSecret`, `EMARKETEER_API_KEY`; null for the input as a whole. */
  readonly path: string | null
  /** The value, redacted. */
  readonly value: string | null
}

/** {@link ErrorDocument} with all problems, the error itself first. */
export interface ProblemsDocument extends ErrorDocument {
  readonly error: ErrorDocument['error'] & { readonly problems: readonly Problem[] }
}

/** Problems in a message; the list itself is complete. */
const MAX_SHOWN = 20

/**
 * Several problems of one input, reported at once, so that a file is corrected in one go. It has the first problem's
 * code, exit code and path, and all problems in its message. Never retryable by itself.
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
