import { ActivityFailure, ApplicationFailure, patched } from '@temporalio/workflow'
import { plainText } from './markdown.js'
import { isRefusalCode, type Refusal } from '../contracts/refusal.js'
import { toFailure } from './entry.js'

/**
 * Does work that needs the CRM. A refusal by the CRM is a result, not a failure, because a person has to remove its
 * cause first.
 * @throws any other failure of the work.
 */
export async function orRefused<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T } | { readonly refused: Refusal }> {
  try {
    return { result: await work() }
  } catch (error) {
    const refused = refusalIn(error)
    if (refused === null) {
      throw error
    }
    return { refused }
  }
}

/** The refusal in a failure; null for any other failure. Runs that were recorded as failed stay failed. */
function refusalIn(error: unknown): Refusal | null {
  const cause = error instanceof ActivityFailure ? error.cause : undefined
  if (!(cause instanceof ApplicationFailure) || !isRefusalCode(cause.type)) {
    return null
  }
  return patched('waitsWhileRefused') ? { code: cause.type, message: cause.message } : null
}

/** The refusal in the form that Temporal's UI shows. */
export function refusalDetails({ code, message }: Refusal): string {
  return `**Paused by itself (${code}):** ${plainText(message)}`
}

export interface Problem {
  readonly code: string
  readonly message: string
}

/** The code and message of a failure, however it is wrapped. */
export function problemIn(error: unknown): Problem {
  const { type, message } = toFailure(error)
  return { code: type ?? 'internal', message }
}
