import { z } from 'zod'
import { answer, type CallContext, part } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { queryString } from '../wire/odata.js'

const organization = answer(
  { name: 'dynamics.auditedOrganization', operation: 'GET /organizations', lossUnit: 'record' },
  part({ isauditenabled: z.boolean().nullish().catch(null) }),
)
const auditable = answer(
  { name: 'dynamics.auditable', operation: 'GET /EntityDefinitions(contact)', lossUnit: 'call' },
  part({ IsAuditEnabled: part({ Value: z.boolean() }).nullish().catch(null) }),
)

const TABLE = "EntityDefinitions(LogicalName='contact')"

/**
 * Whether changes of the toggle are audited: organisation, table and column must all be switched on
 * (docs/wire-dataverse.md, 13). Only checks; switching it on is the customer's decision.
 * @throws UpstreamError
 */
export async function isAuditOn(client: DataverseClient, context: CallContext): Promise<boolean> {
  const [own] = await client.rows(
    {
      method: 'GET',
      path: `organizations${queryString({ select: ['isauditenabled'] })}`,
      operation: organization.operation,
      name: 'audit.isOn',
      effect: 'read',
    },
    organization,
    context,
  )
  if (own?.isauditenabled !== true) {
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
      operation: auditable.operation,
      name: 'audit.isOn',
      effect: 'read',
    },
    auditable,
    context,
  )
  return body.IsAuditEnabled?.Value === true
}
