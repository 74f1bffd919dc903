import { ActivityFailure, ApplicationFailure, patched } from '@temporalio/workflow'
import { plainText } from './markdown.js'
import { isRefusalCode, type Refusal } from '../contracts/refusal.js'

/**
 * Does work that needs the CRM. A CRM that refuses us is no failure of the work: there is nothing to read until a person
 * has mended it, and that is told and waited for.
 * @throws whatever else it fails with.
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

/** Runs that were recorded as failed stay so. */
function refusalIn(error: unknown): Refusal | null {
  const cause = error instanceof ActivityFailure ? error.cause : undefined
  if (!(cause instanceof ApplicationFailure) || !isRefusalCode(cause.type)) {
    return null
  }
  return patched('waitsWhileRefused') ? { code: cause.type, message: cause.message } : null
}

/** As Temporal's UI shows it. */
export function refusalDetails({ code, message }: Refusal): string {
  return `**Paused by itself (${code}):** ${plainText(message)}`
}
