import { z } from 'zod'
import { AppError } from '../../../contracts/app-error.js'
import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { SUBSCRIPTIONS_TABLE } from '../names.js'
import { lostAnswer } from '../wire/part-error.js'
import { getIfThere } from './get-if-there.js'
import { publishTables } from './publish-tables.js'
import type { DynamicsStep } from './setup-step.js'

const tracking = z.object({
  ChangeTrackingEnabled: z.boolean().nullish(),
  CanChangeTrackingBeEnabled: z.object({ Value: z.boolean() }).nullish(),
})
const definition = z.record(z.string(), z.unknown())

const LOOK = 'GET /EntityDefinitions'

/** Switches change tracking on where it is off; that cannot be undone, and needs publishing (9.5). */
export const changeTrackingStep: DynamicsStep = {
  id: 'changeTracking',
  title: 'Enable change tracking',
  weight: 2,
  async run({ client }, context) {
    const changed: string[] = []
    for (const table of ['contact', SUBSCRIPTIONS_TABLE]) {
      if (await enable(client, table, context)) {
        changed.push(table)
      }
    }
    if (changed.length > 0) {
      await publishTables(client, changed, context)
    }
    return {}
  },
}

/** @returns whether something was changed. */
async function enable(
  client: DataverseClient,
  table: string,
  context: CallContext,
): Promise<boolean> {
  const path = `EntityDefinitions(LogicalName='${table}')`
  const columns = '?$select=ChangeTrackingEnabled,CanChangeTrackingBeEnabled'
  const present = await getIfThere(client, path + columns, LOOK, tracking, context)
  if (present?.ChangeTrackingEnabled === true) {
    return false
  }
  if (present?.CanChangeTrackingBeEnabled?.Value === false) {
    throw new AppError(
      'crm_refused',
      `Dynamics does not let change tracking be enabled on ${table}.`,
    )
  }
  const whole = await getIfThere(client, path, LOOK, definition, context)
  if (whole === null) {
    throw lostAnswer(LOOK, 'read', `no table ${table}`)
  }
  // A PUT replaces the definition: everything read is sent back, and without MergeLabels other languages would go.
  await client.text(
    {
      method: 'PUT',
      path,
      operation: 'PUT /EntityDefinitions',
      name: 'setup.update',
      effect: 'write',
      headers: { 'mscrm.mergelabels': 'true' },
      json: { ...whole, ChangeTrackingEnabled: true },
      requestTimeoutMs: 240_000,
    },
    context,
  )
  return true
}
