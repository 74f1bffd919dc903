import { z } from 'zod'
import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { queryString } from '../wire/odata.js'

const organizations = z.object({
  value: z.array(z.object({ isauditenabled: z.boolean().nullish().catch(null) })),
})
const auditable = z.object({
  IsAuditEnabled: z.object({ Value: z.boolean() }).nullish().catch(null),
})

const TABLE = "EntityDefinitions(LogicalName='contact')"

/**
 * Whether the toggle's changes are audited: the organisation, the table and the column must all be switched on
 * (docs/wire-dataverse.md, 13). We only look; switching it on is the customer's decision.
 *
 * @throws UpstreamError
 */
export async function isAuditOn(client: DataverseClient, context: CallContext): Promise<boolean> {
  const organization = await client.json(
    {
      method: 'GET',
      path: `organizations${queryString({ select: ['isauditenabled'] })}`,
      operation: 'GET /organizations',
      name: 'audit.isOn',
      effect: 'read',
    },
    organizations,
    context,
  )
  if (organization.body.value[0]?.isauditenabled !== true) {
    return false
  }
  const column = `${TABLE}/Attributes(LogicalName='donotbulkemail')`
  return (await isOn(client, TABLE, context)) && (await isOn(client, column, context))
}

async function isOn(client: DataverseClient, path: string, context: CallContext) {
  const { body } = await client.json(
    {
      method: 'GET',
      path: path + queryString({ select: ['IsAuditEnabled'] }),
      operation: 'GET /EntityDefinitions(contact)',
      name: 'audit.isOn',
      effect: 'read',
    },
    auditable,
    context,
  )
  return body.IsAuditEnabled?.Value === true
}
