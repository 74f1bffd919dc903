import { z } from 'zod'
import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { queryString } from '../wire/odata.js'
import { rowsOf } from '../wire/rows-of.js'

const stepRow = z.object({
  sdkmessageprocessingstepid: z.guid(),
  name: z.string().nullish().catch(null),
  filteringattributes: z.string().nullish().catch(null),
  statecode: z.number().nullish().catch(null),
})
const stepRows = z.object({ value: rowsOf(stepRow) })

/** A step as registered. `statecode` 0 is on. */
export type StepRow = z.output<typeof stepRow>

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
  const { body } = await client.json(
    {
      method: 'GET',
      path: `serviceendpoints(${endpointId})/serviceendpoint_sdkmessageprocessingstep${queryString({ select })}`,
      operation: 'GET /sdkmessageprocessingsteps',
      name: 'webhooks.steps',
      effect: 'read',
    },
    stepRows,
    context,
  )
  return body.value
}
