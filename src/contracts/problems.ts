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
