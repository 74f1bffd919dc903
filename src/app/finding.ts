import type { AppError } from '../contracts/app-error.js'
import { ProblemsError } from '../contracts/problems.js'
import { toKnownError } from './known-error.js'

/** One thing that `lbsync doctor` looked at. */
export interface Finding {
  /** What was looked at: `database`, `temporal`, … */
  readonly about: string
  /** `warning`: works, but should not stay so. */
  readonly outcome: 'ok' | 'warning' | 'fault'
  readonly message: string
  /** Of the catalogue; null unless it is a fault. */
  readonly code: string | null
  /** What to do; null where nothing is. */
  readonly hint: string | null
}

/** It is as it should be. */
export const ok = (about: string, message: string): Finding => ({
  about,
  outcome: 'ok',
  message,
  code: null,
  hint: null,
})

/** It works, but should not stay so. */
export const warning = (about: string, message: string, hint: string | null = null): Finding => ({
  about,
  outcome: 'warning',
  message,
  code: null,
  hint,
})

/** It keeps a process from working. */
export const fault = (about: string, error: AppError): Finding => ({
  about,
  outcome: 'fault',
  message: error.message,
  code: error.code,
  hint: error.kind.hint,
})

/** Looks, and makes a finding of whatever is thrown; what the environment lacks is told by itself. */
export async function tell(
  about: string,
  look: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await look()
  } catch (error) {
    return error instanceof ProblemsError ? [] : [fault(about, toKnownError(error))]
  }
}
