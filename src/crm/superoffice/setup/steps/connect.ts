import { z } from 'zod'
import { answer, type CallContext, part, ifAvailable } from '../../../../http/index.js'
import type { SuperOfficeClient } from '../../client.js'
import { checkStep, setupRead } from '../../../own-step.js'
import type { SuperOfficeCrm } from '../../session.js'

const root = answer(
  { name: 'superoffice.root', operation: 'GET /api', lossUnit: 'call' },
  part({ NetServerVersion: z.string().max(40).nullish().catch(null) }),
)

/** If the clocks differ by more than this, times prove nothing (docs/reconciliation.md, eps). */
const MAX_OFFSET_MS = 5 * 60_000

/**
 * Verifies the credentials, and that database and user are the same as before; reads what the installation is
 * (docs/wire-superoffice.md, 1 and 2). Until something is measured, its stamps count as no proof.
 */
export const connectStep = checkStep<SuperOfficeCrm>({
  id: 'connect',
  title: 'Connect to SuperOffice',
  weight: 2,
  async verify(crm, context) {
    const { client, installation } = crm
    await crm.check(context)
    const { associateId, databaseContextIdentifier } = await installation.principal(context)
    const offsetMs = client.clock?.offsetMs ?? null
    const facts = {
      onsite: client.contextIdentifier === null,
      associateId,
      databaseContextIdentifier: databaseContextIdentifier ?? client.contextIdentifier,
      serverVersion: await serverVersion(client, context),
    }
    return offsetMs !== null && Math.abs(offsetMs) > MAX_OFFSET_MS
      ? {
          state: 'done',
          facts,
          note:
            `SuperOffice's clock is ${Math.round(offsetMs / 60_000)} minutes off ours: its times prove nothing, and ` +
            'where both sides changed, the restrictive one wins, unless it stamps our own writes by another clock.',
        }
      : { state: 'done', facts }
  },
})

/** Read from the root of the API, one level above `/v1`. Useful, but not worth failing for. */
async function serverVersion(
  client: SuperOfficeClient,
  context: CallContext,
): Promise<string | null> {
  const { operation } = root
  const path = '/../../api'
  const request = setupRead(path, operation)
  const response = await ifAvailable(client.json(request, root, context))
  return response?.body.NetServerVersion ?? null
}
