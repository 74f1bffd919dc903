import { toFailure } from './entry.js'

/** What failed, by the catalogue's code and in words. */
export interface Problem {
  readonly code: string
  readonly message: string
}

/** Code and words of a failure, whatever it is wrapped in. */
export function problemIn(error: unknown): Problem {
  const { type, message } = toFailure(error)
  return { code: type ?? 'internal', message }
}
