import { z } from 'zod'
import { answer, type CallContext, part } from '../../http/index.js'
import type { DataverseClient } from './client.js'

const whoIAm = answer(
  { name: 'dynamics.whoAmI', operation: 'GET /WhoAmI', lossUnit: 'call' },
  part({ UserId: z.guid(), OrganizationId: z.guid() }),
)

/** The user and organisation of the token: the cheapest proof of both. Ids in lower case. @throws UpstreamError */
export async function whoAmI(
  client: DataverseClient,
  context: CallContext,
): Promise<{ userId: string; organizationId: string }> {
  const { body } = await client.json(
    { method: 'GET', path: 'WhoAmI', operation: whoIAm.operation, name: 'whoAmI', effect: 'read' },
    whoIAm,
    context,
  )
  return { userId: body.UserId.toLowerCase(), organizationId: body.OrganizationId.toLowerCase() }
}
