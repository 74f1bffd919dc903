import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { findOrCreate } from '../find-or-create.js'
import { ensureImage } from './ensure-image.js'
import { messageFilter } from './message-filter.js'
import { repairStep } from './repair-step.js'
import { type StepDefinition, stepName } from './steps.js'
import { type StepRow, stepsOf } from './steps-of.js'

const OPERATION = '/sdkmessageprocessingsteps'

/** Finds or registers a step, and puts right one that was switched off or changed. @returns its id, or null where the event is not offered. @throws UpstreamError */
export async function ensureStep(
  client: DataverseClient,
  endpointId: string,
  step: StepDefinition,
  context: CallContext,
): Promise<string | null> {
  const filter = await messageFilter(client, step, context)
  if (filter === null) {
    return null
  }
  const attributes = step.filteringAttributes.join(',')
  const { found } = await findOrCreate<StepRow>(
    client,
    {
      find: () => find(client, endpointId, stepName(step), context),
      path: 'sdkmessageprocessingsteps',
      operation: `POST ${OPERATION}`,
      body: {
        name: stepName(step),
        description: 'Tells eMarketeer about changed consent',
        // After the operation and asynchronous: the customer's own save never waits for us.
        stage: 40,
        mode: 1,
        rank: 1,
        supporteddeployment: 0,
        asyncautodelete: true,
        ...(attributes === '' ? {} : { filteringattributes: attributes }),
        'eventhandler_serviceendpoint@odata.bind': `/serviceendpoints(${endpointId})`,
        'sdkmessageid@odata.bind': `/sdkmessages(${filter.messageId})`,
        'sdkmessagefilterid@odata.bind': `/sdkmessagefilters(${filter.filterId})`,
      },
    },
    context,
  )
  const id = found.sdkmessageprocessingstepid.toLowerCase()
  await repairStep(client, found, step, context)
  if (step.image.length > 0) {
    await ensureImage(client, id, step.image, context)
  }
  return id
}

async function find(
  client: DataverseClient,
  endpointId: string,
  name: string,
  context: CallContext,
): Promise<StepRow | null> {
  const rows = await stepsOf(client, endpointId, context)
  return rows.find((row) => row.name === name) ?? null
}
