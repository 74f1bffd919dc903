import { z } from 'zod'
import type { PlannedChange } from '../../../contracts/setup.js'
import { AppError } from '../../../contracts/app-error.js'
import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { SUBSCRIPTIONS_TABLE } from '../names.js'
import { lostAnswer } from '../wire/part-error.js'
import { getIfThere } from './get-if-there.js'
import { publishTables } from './publish-tables.js'
import { givesChanges, type TrackedSet } from './gives-changes.js'
import type { DynamicsStep } from './setup-step.js'

const tracking = z.object({
  EntitySetName: z.string(),
  PrimaryIdAttribute: z.string(),
  ChangeTrackingEnabled: z.boolean().nullish(),
  CanChangeTrackingBeEnabled: z.object({ Value: z.boolean() }).nullish(),
})
const definition = z.record(z.string(), z.unknown())

const LOOK = 'GET /EntityDefinitions'

/**
 * Switches change tracking on where it is off, and publishes (9.5). Dataverse does not let it be switched off again, so
 * that undoing leaves it on; on a table of ours it goes with the table.
 */
export const changeTrackingStep: DynamicsStep = {
  id: 'changeTracking',
  title: 'Enable change tracking',
  weight: 5,
  async verify({ client }, { subscriptionSync, ...context }) {
    const changes: PlannedChange[] = []
    for (const table of tablesOf(subscriptionSync)) {
      const state = await stateOf(client, table, context)
      if (state === 'off') {
        const what = `Enable change tracking of ${table}, which cannot be disabled again, and publish it`
        changes.push({ what })
      } else if (state === 'unpublished') {
        changes.push({ what: `Publish ${table}, so that its change tracking takes effect` })
      }
    }
    return changes.length === 0 ? { state: 'done' } : { state: 'due', changes }
  },
  async do({ client }, { subscriptionSync, ...context }) {
    const changed: string[] = []
    for (const table of tablesOf(subscriptionSync)) {
      const state = await stateOf(client, table, context)
      if (state === 'absent') {
        throw lostAnswer(LOOK, 'read', `no table ${table}`)
      }
      if (state === 'off') {
        await enable(client, table, context)
      }
      if (state !== 'on') {
        changed.push(table)
      }
    }
    if (changed.length > 0) {
      await publishTables(client, changed, context)
    }
    return {}
  },
  undo: () => Promise.resolve({}),
}

function tablesOf(subscriptionSync: boolean): readonly string[] {
  return subscriptionSync ? ['contact', SUBSCRIPTIONS_TABLE] : ['contact']
}

/** `unpublished`: enabled, but changes cannot be read yet. `absent`: the table is still to be made, with tracking on. */
async function stateOf(
  client: DataverseClient,
  table: string,
  context: CallContext,
): Promise<'on' | 'off' | 'unpublished' | 'absent'> {
  const columns =
    'EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled,CanChangeTrackingBeEnabled'
  const path = `EntityDefinitions(LogicalName='${table}')?$select=${columns}`
  const present = await getIfThere(client, path, LOOK, tracking, context)
  if (present === null) {
    return 'absent'
  }
  if (present.ChangeTrackingEnabled === true) {
    const set: TrackedSet = { name: present.EntitySetName, primaryId: present.PrimaryIdAttribute }
    return (await givesChanges(client, set, context)) ? 'on' : 'unpublished'
  }
  if (present.CanChangeTrackingBeEnabled?.Value === false) {
    throw new AppError(
      'crm_refused',
      `Dynamics does not let change tracking be enabled on ${table}.`,
    )
  }
  return 'off'
}

async function enable(client: DataverseClient, table: string, context: CallContext): Promise<void> {
  const path = `EntityDefinitions(LogicalName='${table}')`
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
}
