import { type CallContext, answer, part, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { findOrCreate } from '../find-or-create.js'
import { type StepDefinition, stepName } from './steps.js'
import { z } from 'zod'
import { poll } from '../poll.js'
import { lostAnswer } from '../wire/errors.js'
import { queryString, stringLiteral } from '../wire/odata.js'

const OPERATION = '/sdkmessageprocessingsteps'

/**
 * Finds or registers a step, and corrects one that was switched off or changed. @returns its id, or null if the event
 * is not offered. @throws UpstreamError
 */
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

const FILTERS_OPERATION = 'GET /sdkmessagefilters'

const offered = answer(
  { name: 'dynamics.messageFilter', operation: FILTERS_OPERATION, lossUnit: 'record' },
  part({ sdkmessagefilterid: z.guid(), sdkmessageid: part({ sdkmessageid: z.guid() }) }),
)

/** The ids that a step is bound to. */
export interface MessageFilter {
  readonly filterId: string
  readonly messageId: string
}

/**
 * The ids of a step: of the message, and of the message on this table. They appear some seconds after the table
 * (docs/wire-dataverse.md, 16.12), so this waits for them, except for an optional step.
 * @returns null for an optional step that is not offered. @throws UpstreamError, retryable if they are still missing.
 */
async function messageFilter(
  client: DataverseClient,
  step: Pick<StepDefinition, 'table' | 'message' | 'optional'>,
  context: CallContext,
): Promise<MessageFilter | null> {
  const query = queryString({
    select: ['sdkmessagefilterid', 'primaryobjecttypecode'],
    filter: `primaryobjecttypecode eq ${stringLiteral(step.table)} and sdkmessageid/name eq ${stringLiteral(step.message)}`,
    expand: 'sdkmessageid($select=sdkmessageid,name)',
  })
  const found = await poll(
    async () => {
      const request = {
        method: 'GET',
        path: `sdkmessagefilters${query}`,
        operation: FILTERS_OPERATION,
        name: 'webhooks.filters',
        effect: 'read',
      } as const
      return (await client.rows(request, offered, context))[0] ?? null
    },
    { withinMs: step.optional === true ? 0 : 30_000 },
    context,
  )
  if (found === null && step.optional === true) {
    return null
  }
  if (found === null) {
    throw lostAnswer(FILTERS_OPERATION, 'read', 'the message is not known for the table yet')
  }
  return { filterId: found.sdkmessagefilterid, messageId: found.sdkmessageid.sdkmessageid }
}

/** `imagetype` of the row after the change. */
const POST_IMAGE = 1

const stepImage = answer(
  {
    name: 'dynamics.stepImage',
    operation: 'GET /sdkmessageprocessingstepimages',
    lossUnit: 'record',
  },
  part({ sdkmessageprocessingstepimageid: z.string() }),
)

/**
 * Makes a step carry columns along. Optional: without them the row is read to find its contact, so a refusal is not a
 * failure (the registration of images is known from memory only).
 * @throws UpstreamError if a retry helps.
 */
async function ensureImage(
  client: DataverseClient,
  stepId: string,
  attributes: readonly string[],
  context: CallContext,
): Promise<void> {
  const query = queryString({
    select: ['sdkmessageprocessingstepimageid'],
    filter: `_sdkmessageprocessingstepid_value eq ${stepId}`,
  })
  try {
    await findOrCreate(
      client,
      {
        find: async () => {
          const [image] = await client.rows(
            {
              method: 'GET',
              path: `sdkmessageprocessingstepimages${query}`,
              operation: stepImage.operation,
              name: 'webhooks.images',
              effect: 'read',
            },
            stepImage,
            context,
          )
          return image ?? null
        },
        path: 'sdkmessageprocessingstepimages',
        operation: 'POST /sdkmessageprocessingstepimages',
        body: {
          name: 'post',
          entityalias: 'post',
          imagetype: POST_IMAGE,
          messagepropertyname: 'Target',
          attributes: attributes.join(','),
          'sdkmessageprocessingstepid@odata.bind': `/sdkmessageprocessingsteps(${stepId})`,
        },
      },
      context,
    )
  } catch (error) {
    const optional =
      error instanceof UpstreamError &&
      (error.code === 'upstream_refused' || error.code === 'upstream_not_found')
    if (!optional) {
      throw error
    }
  }
}

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
