import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import type { StepDefinition } from './steps.js'
import type { StepRow } from './steps-of.js'

/**
 * Switches a registered step on, and gives it this release's columns.
 * @param step its definition; null: this release has no such step, and its columns stay. @throws UpstreamError.
 */
export async function repairStep(
  client: DataverseClient,
  row: StepRow,
  step: StepDefinition | null,
  context: CallContext,
): Promise<void> {
  const columns = step?.filteringAttributes.join(',') ?? null
  const changes = {
    ...(columns === null || sorted(columns) === sorted(row.filteringattributes ?? '')
      ? {}
      : { filteringattributes: columns }),
    ...((row.statecode ?? 0) === 0 ? {} : { statecode: 0, statuscode: 1 }),
  }
  if (Object.keys(changes).length === 0) {
    return
  }
  await client.text(
    {
      method: 'PATCH',
      path: `sdkmessageprocessingsteps(${row.sdkmessageprocessingstepid})`,
      operation: 'PATCH /sdkmessageprocessingsteps({id})',
      name: 'webhooks.steps',
      effect: 'write',
      headers: { 'if-match': '*' },
      json: changes,
    },
    context,
  )
}

function sorted(columns: string): string {
  return columns
    .split(',')
    .filter((name) => name !== '')
    .sort()
    .join()
}
