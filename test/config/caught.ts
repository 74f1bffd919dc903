import { AppError } from '../../src/contracts/app-error.js'
import { ProblemsError } from '../../src/contracts/problems.js'

/** The AppError that `run` throws; fails if it throws none. */
export function caught(run: () => unknown): AppError {
  try {
    run()
  } catch (error) {
    if (error instanceof AppError) {
      return error
    }
    throw error
  }
  throw new Error('nothing was thrown')
}

/** `code path` of each problem, in order. */
export function problemsOf(run: () => unknown): readonly string[] {
  const error = caught(run)
  const problems = error instanceof ProblemsError ? error.problems : [error]
  return problems.map(({ code, path }) => `${code} ${path ?? '-'}`)
}
