import { z } from 'zod'
import { answer, type CallContext, part, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { findOrCreate } from '../find-or-create.js'
import { queryString } from '../wire/odata.js'

/** `imagetype` of the row as it is after the change. */
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
 * Makes a step carry columns along. A convenience: without it the row is read to find its contact, so that a refusal
 * is no failure (how images are registered is known from memory only).
 *
 * @throws UpstreamError where trying again helps.
 */
export async function ensureImage(
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
