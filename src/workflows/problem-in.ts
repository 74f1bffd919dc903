import { toFailure } from './entry.js'

export interface Problem {
  readonly code: string
  readonly message: string
}

/** The code and message of a failure, however it is wrapped. */
export function problemIn(error: unknown): Problem {
  const { type, message } = toFailure(error)
  return { code: type ?? 'internal', message }
}
