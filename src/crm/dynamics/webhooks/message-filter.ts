import { z } from 'zod'
import { answer, type CallContext, part } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { poll } from '../poll.js'
import { lostAnswer } from '../wire/part-error.js'
import { queryString, stringLiteral } from '../wire/odata.js'
import type { StepDefinition } from './steps.js'

const OPERATION = 'GET /sdkmessagefilters'

const offered = answer(
  { name: 'dynamics.messageFilter', operation: OPERATION, lossUnit: 'record' },
  part({ sdkmessagefilterid: z.guid(), sdkmessageid: part({ sdkmessageid: z.guid() }) }),
)

/** The ids that a step is bound to. */
export interface MessageFilter {
  readonly filterId: string
  readonly messageId: string
}

/**
 * The ids that a step is bound to: of the message, and of the message on this table. They appear some seconds after
 * the table (docs/wire-dataverse.md, 16.12), so that they are waited for, but for those of an optional step.
 *
 * @returns null for an optional step that is not offered. @throws UpstreamError, retryable where they are still not there.
 */
export async function messageFilter(
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
        operation: OPERATION,
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
    throw lostAnswer(OPERATION, 'read', 'the message is not known for the table yet')
  }
  return { filterId: found.sdkmessagefilterid, messageId: found.sdkmessageid.sdkmessageid }
}
