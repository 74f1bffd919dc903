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
const MAX_TOLD = 20

/**
 * Several problems of one input, reported at once, so that a file is corrected in one go. It has the first problem's
 * code, exit code and path, and all problems in its message. Never retryable by itself.
 */
export class ProblemsError extends AppError {
  readonly problems: readonly Problem[]

  constructor(problems: readonly [Problem, ...Problem[]]) {
    const [first, ...others] = problems
    const told = [first, ...others].slice(0, MAX_TOLD).map(({ message }) => message)
    const untold = problems.length - told.length
    super(first.code, [...told, ...(untold > 0 ? [`And ${untold} more.`] : [])].join(' '), {
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
