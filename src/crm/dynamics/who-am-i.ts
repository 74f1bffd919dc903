import { z } from 'zod'
import { answer, type CallContext, part, UpstreamError } from '../../http/index.js'
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

/**
 * Another organisation answers at this URL than the one that was set up (a restored or re-pointed environment). Nothing
 * stored about records, cursors or versions is valid there, so nothing may be written. Not retryable.
 */
export function wrongEnvironment(): UpstreamError {
  return new UpstreamError({
    code: 'upstream_auth_failed',
    system: 'dynamics',
    upstreamCode: 'wrong_organization',
    retryable: false,
    mayHaveBeenApplied: false,
    operation: 'GET /WhoAmI',
    message: 'another organisation answers than the one that was set up',
  })
}
