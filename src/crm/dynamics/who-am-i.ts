import { z } from 'zod'
import type { CallContext } from '../../http/index.js'
import type { DataverseClient } from './client.js'

const answer = z.object({ UserId: z.string(), OrganizationId: z.string() })

/** Who the token is, and in which organisation: the cheapest proof of both. Ids in lower case. @throws UpstreamError */
export async function whoAmI(
  client: DataverseClient,
  context: CallContext,
): Promise<{ userId: string; organizationId: string }> {
  const { body } = await client.json(
    { method: 'GET', path: 'WhoAmI', operation: 'GET /WhoAmI', name: 'whoAmI', effect: 'read' },
    answer,
    context,
  )
  return { userId: body.UserId.toLowerCase(), organizationId: body.OrganizationId.toLowerCase() }
}
