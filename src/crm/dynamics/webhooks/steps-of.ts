import { z } from 'zod'
import { answer, type CallContext, part } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { queryString } from '../wire/odata.js'

const stepRow = answer(
  { name: 'dynamics.step', operation: 'GET /sdkmessageprocessingsteps', lossUnit: 'record' },
  part({
    sdkmessageprocessingstepid: z.guid(),
    name: z.string().nullish().catch(null),
    filteringattributes: z.string().nullish().catch(null),
    statecode: z.number().nullish().catch(null),
  }),
)

/** A step as registered. `statecode` 0: on. */
export type StepRow = z.output<typeof stepRow.schema>

/** The steps that post to an endpoint (docs/wire-dataverse.md, 11). @throws UpstreamError; 404 without the endpoint. */
export async function stepsOf(
  client: DataverseClient,
  endpointId: string,
  context: CallContext,
): Promise<readonly StepRow[]> {
  const select = [
    'sdkmessageprocessingstepid',
    'name',
    'filteringattributes',
    'mode',
    'stage',
    'statecode',
  ]
  return client.rows(
    {
      method: 'GET',
      path: `serviceendpoints(${endpointId})/serviceendpoint_sdkmessageprocessingstep${queryString({ select })}`,
      operation: stepRow.operation,
      name: 'webhooks.steps',
      effect: 'read',
    },
    stepRow,
    context,
  )
}
