import type { TemporalClient } from '../config/temporal/temporal.js'
import { AppError } from '../contracts/app-error.js'

/** Text for each of Temporal's names for the end of a workflow. */
export const ENDS: Readonly<Record<string, string>> = {
  COMPLETED: 'ended',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
}

/**
 * The error for a workflow that accepts no message because it has ended, or because Temporal knows no run of it.
 * @param what the beginning of a sentence: `The set-up of acme-dynamics`.
 * @param path of the input that names the workflow.
 * @returns AppError `run_not_found`.
 */
export async function notRunning(
  { client }: Pick<TemporalClient, 'client'>,
  workflowId: string,
  what: string,
  { path, value }: { readonly path: string; readonly value: string },
): Promise<AppError> {
  const found = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => null)
  const end = found === null ? undefined : ENDS[found.status.name]
  const message =
    found === null || end === undefined
      ? `${what} is not running, and Temporal remembers no run of it.`
      : `${what} has ${end === 'ended' ? end : `ended (${end})`}, at ${found.closeTime?.toISOString() ?? 'some time'}.`
  return new AppError('run_not_found', message, { path, value })
}
