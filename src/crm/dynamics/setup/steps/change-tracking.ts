import { setupRead } from '../../../own-step.js'
import { z } from 'zod'
import type { PlannedChange } from '../../../../contracts/setup.js'
import { AppError } from '../../../../contracts/app-error.js'
import { answer, type CallContext, part, UpstreamError } from '../../../../http/index.js'
import { SetupPaused, type StepContext } from '../../../crm.js'
import type { DataverseClient } from '../../client.js'
import { SUBSCRIPTIONS_TABLE } from '../../names.js'
import { lostAnswer } from '../../wire/errors.js'
import { getIfThere } from '../metadata.js'
import { holdForDrafts } from '../publish/foreign-drafts.js'
import { publishTables } from '../publish/publish-tables.js'
import type { DynamicsStep } from '../step.js'

const LOOK = 'GET /EntityDefinitions'

const tracking = answer(
  { name: 'dynamics.tracking', operation: LOOK, lossUnit: 'call' },
  part({
    EntitySetName: z.string(),
    PrimaryIdAttribute: z.string(),
    // Required in the answer: enabling cannot be undone, so it is done only if tracking is known to be off.
    ChangeTrackingEnabled: z.boolean().nullish(),
    CanChangeTrackingBeEnabled: part({ Value: z.boolean() }).nullish().catch(null),
  }),
)
const definition = answer(
  { name: 'dynamics.definition', operation: LOOK, lossUnit: 'call' },
  z.record(z.string(), z.unknown()),
)

/**
 * Enables change tracking if it is off, and publishes (9.5). Dataverse cannot disable it again, so `undo` leaves it on;
 * on a table of ours it ends with the table.
 */
export const changeTrackingStep: DynamicsStep = {
  id: 'changeTracking',
  title: 'Enable change tracking',
  weight: 5,
  async verify({ client }, context) {
    const changes: PlannedChange[] = []
    const changed: string[] = []
    for (const table of tablesOf(context.subscriptionSync)) {
      const state = await stateOf(client, table, context)
      if (state === 'off') {
        const what = `Enable change tracking of ${table}, which cannot be disabled again, and publish it`
        changes.push({ what })
        changed.push(table)
      } else if (state === 'unpublished') {
        changes.push({ what: `Publish ${table}, so that its change tracking takes effect` })
        changed.push(table)
      }
    }
    const pause = await holdIfContact(client, changed, context)
    if (pause !== null) {
      return { state: 'paused', pause }
    }
    return changes.length === 0 ? { state: 'done' } : { state: 'due', changes }
  },
  async do({ client }, context) {
    const off: string[] = []
    const changed: string[] = []
    for (const table of tablesOf(context.subscriptionSync)) {
      const state = await stateOf(client, table, context)
      if (state === 'absent') {
        throw lostAnswer(LOOK, 'read', `no table ${table}`)
      }
      if (state === 'off') {
        off.push(table)
      }
      if (state !== 'on') {
        changed.push(table)
      }
    }
    // Checked before any change, because enabling cannot be undone.
    const pause = await holdIfContact(client, changed, context)
    if (pause !== null) {
      throw new SetupPaused(pause)
    }
    for (const table of off) {
      await enable(client, table, context)
    }
    if (changed.length > 0) {
      await publishTables(client, changed, ELSE, context)
    }
    return {}
  },
  undo: () => Promise.resolve({}),
}

/** What may be chosen besides `retry` and `publishAll`. Not `skip`: without change tracking there is no sync. */
const ELSE = ['abort'] as const

async function holdIfContact(
  client: DataverseClient,
  changed: readonly string[],
  context: StepContext,
) {
  return changed.includes('contact') ? holdForDrafts(client, ELSE, context) : null
}

function tablesOf(subscriptionSync: boolean): readonly string[] {
  return subscriptionSync ? ['contact', SUBSCRIPTIONS_TABLE] : ['contact']
}

/**
 * `unpublished`: enabled, but changes cannot be read yet. `absent`: the table does not exist yet; it is created with
 * tracking on.
 */
async function stateOf(
  client: DataverseClient,
  table: string,
  context: CallContext,
): Promise<'on' | 'off' | 'unpublished' | 'absent'> {
  const columns =
    'EntitySetName,PrimaryIdAttribute,ChangeTrackingEnabled,CanChangeTrackingBeEnabled'
  const path = `EntityDefinitions(LogicalName='${table}')?$select=${columns}`
  const present = await getIfThere(client, path, tracking, context)
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
  const whole = await getIfThere(client, path, definition, context)
  if (whole === null) {
    throw lostAnswer(LOOK, 'read', `no table ${table}`)
  }
  // A PUT replaces the definition, so everything read is sent back. Without MergeLabels, the labels in other languages
  // would be lost.
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

/** A table's entity set and primary key. */
export interface TrackedSet {
  readonly name: string
  readonly primaryId: string
}

/**
 * Whether Dataverse accepts a read with change tracking, the only proof that it is enabled and published. Reads one
 * row. If reading is not allowed, this cannot be tested, and the definition is trusted.
 *
 * @throws UpstreamError
 */
export async function givesChanges(
  client: DataverseClient,
  set: TrackedSet,
  context: CallContext,
): Promise<boolean> {
  try {
    await client.text(
      {
        ...setupRead(`${set.name}?$select=${set.primaryId}`, `GET /${set.name}`),
        headers: { prefer: 'odata.track-changes,odata.maxpagesize=1' },
      },
      context,
    )
    return true
  } catch (error) {
    if (error instanceof UpstreamError && error.status === 403) {
      return true
    }
    if (error instanceof UpstreamError && error.code === 'upstream_refused') {
      return false
    }
    throw error
  }
}
