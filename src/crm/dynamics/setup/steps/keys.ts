import { AppError } from '../../../../contracts/app-error.js'
import type { PlannedChange, SetupPause } from '../../../../contracts/setup.js'
import { type CallContext, answer, entries, part, readRecords } from '../../../../http/index.js'
import { SetupPaused } from '../../../crm.js'
import type { DataverseClient } from '../../client.js'
import { findOrCreate } from '../../find-or-create.js'
import { IN_OUR_SOLUTION } from '../../names.js'
import { poll } from '../../poll.js'
import { lostAnswer } from '../../wire/errors.js'
import { keyBody, labelIn } from '../table/bodies.js'
import { type TableDefinition, TABLES } from '../table/definitions.js'
import { organizationOf, type TableFacts } from '../../facts.js'
import type { DynamicsStep } from '../step.js'
import { namingDependents } from '../table/dependents.js'
import { isOursAlone } from '../table/our-components.js'
import { removeIfThere, getIfThere } from '../metadata.js'
import { z } from 'zod'
import { columnTypeClash } from '../pauses.js'

/** The index is built in the background, which is quick on empty tables. */
const ACTIVE_WITHIN_MS = 5 * 60_000

/** Creates the alternate keys and waits until they are active (docs/wire-dataverse.md, 16.5). */
export const keysStep: DynamicsStep = {
  id: 'keys',
  title: 'Create the alternate keys',
  weight: 35,
  forSubscriptions: true,
  async verify({ client }, context) {
    const changes: PlannedChange[] = []
    for (const table of TABLES) {
      const found = await findKey(client, table, context)
      const pause = found === null ? null : keyClash(table, found)
      if (pause !== null) {
        return { state: 'paused', pause }
      }
      const what = toDo(table, found?.status ?? null)
      changes.push(...(what === null ? [] : [{ what }]))
    }
    return changes.length === 0 ? { state: 'done' } : { state: 'due', changes }
  },
  async do({ client, facts }, context) {
    const label = labelIn(organizationOf(facts).languageCode)
    for (const table of TABLES) {
      const { found } = await findOrCreate(
        client,
        {
          find: () => findKey(client, table, context),
          path: keysPath(table),
          body: keyBody(table, label),
          headers: IN_OUR_SOLUTION,
          operation: 'POST /EntityDefinitions/Keys',
        },
        context,
      )
      const pause = keyClash(table, found)
      if (pause !== null) {
        throw new SetupPaused(pause)
      }
      if (found.status === 'Failed') {
        await rebuild(client, table, context)
      }
    }
    for (const table of TABLES) {
      await untilActive(client, table, context)
    }
    return {}
  },
  async undo({ client, facts }, context) {
    for (const table of TABLES.toReversed()) {
      await removeKey(client, table, facts[table.factsKey] ?? null, context)
    }
    return {}
  },
}

function toDo({ key, logicalName }: TableDefinition, status: string | null): string | null {
  switch (status) {
    case 'Active':
      return null
    case null:
      return `Create the key "${key.label}" (${key.schemaName.toLowerCase()}) of ${logicalName}`
    case 'Failed':
      return `Build the key "${key.label}" of ${logicalName} again: it failed`
    default:
      return `Wait until the key "${key.label}" of ${logicalName} is built`
  }
}

/** A failed key stays failed until it is reactivated. Unless somebody has fixed the rows, it fails again. */
async function rebuild(client: DataverseClient, table: TableDefinition, context: CallContext) {
  const json = {
    EntityLogicalName: table.logicalName,
    EntityKeyLogicalName: table.key.schemaName.toLowerCase(),
  }
  const path = 'ReactivateEntityKey'
  const operation = 'POST /ReactivateEntityKey'
  const request = {
    method: 'POST',
    path,
    operation,
    name: 'setup.update',
    effect: 'write',
  } as const
  await client.text({ ...request, json }, context)
}

async function untilActive(
  client: DataverseClient,
  table: TableDefinition,
  context: CallContext,
): Promise<void> {
  const settled = await poll(
    async () => {
      const status = (await findKey(client, table, context))?.status
      return status === 'Active' || status === 'Failed' ? status : null
    },
    { withinMs: ACTIVE_WITHIN_MS },
    context,
  )
  if (settled === 'Failed') {
    throw new AppError(
      'crm_refused',
      `Dynamics could not build the key ${table.key.schemaName}: two rows hold the same value.`,
      { path: `${table.logicalName}.${table.key.column}` },
    )
  }
  if (settled === null) {
    throw lostAnswer(LOOK_AT_KEYS, 'read', 'a key is still being built')
  }
}

/** Deletes a key that we added to a table of the customer's. @throws SetupPaused, UpstreamError */
async function removeKey(
  client: DataverseClient,
  table: TableDefinition,
  known: TableFacts | null,
  context: CallContext,
): Promise<void> {
  const found = await findKey(client, table, context)
  if (found === null || !(await isOursAlone(client, found.metadataId, known, context))) {
    return
  }
  const removable = {
    find: async () => (await findKey(client, table, context)) !== null,
    path: `${keysPath(table)}(${found.metadataId})`,
    operation: 'DELETE /EntityDefinitions/Keys',
  }
  await namingDependents(
    client,
    { type: 14, id: found.metadataId, what: `The key ${table.key.schemaName}` },
    () => removeIfThere(client, removable, context),
    context,
  )
}

/** Operation of {@link findKey}, for errors. */
const LOOK_AT_KEYS = 'GET /EntityDefinitions/Keys'

const keys = answer(
  { name: 'dynamics.keys', operation: LOOK_AT_KEYS, lossUnit: 'page' },
  part({ value: entries }),
)
const key = answer(
  { name: 'dynamics.key', operation: LOOK_AT_KEYS, lossUnit: 'record' },
  part({
    MetadataId: z.guid(),
    SchemaName: z.string(),
    KeyAttributes: z.array(z.string()),
    EntityKeyIndexStatus: z.string().catch('Pending'),
  }),
)

/** An alternate key as the organisation has it. */
interface FoundKey {
  readonly metadataId: string
  readonly columns: readonly string[]
  /** `Pending`, `InProgress`, `Active` or `Failed`; usable only when active. */
  readonly status: string
}

/**
 * Finds a table's key (docs/wire-dataverse.md, 16.5); null if the key or the table does not exist. @throws
 * UpstreamError
 */
async function findKey(
  client: DataverseClient,
  table: TableDefinition,
  context: CallContext,
): Promise<FoundKey | null> {
  const path = `${keysPath(table)}?$select=MetadataId,SchemaName,KeyAttributes,EntityKeyIndexStatus`
  const body = await getIfThere(client, path, keys, context)
  const own = readRecords(key, body?.value ?? [], context).find(
    ({ SchemaName }) => SchemaName.toLowerCase() === table.key.schemaName.toLowerCase(),
  )
  return own === undefined
    ? null
    : {
        metadataId: own.MetadataId.toLowerCase(),
        columns: own.KeyAttributes,
        status: own.EntityKeyIndexStatus,
      }
}

/** The pause for a key of our name on other columns, by which our rows would not be found; null if it is usable. */
function keyClash(table: TableDefinition, found: FoundKey): SetupPause | null {
  return found.columns.join() === table.key.column
    ? null
    : columnTypeClash({
        table: table.logicalName,
        column: table.key.schemaName.toLowerCase(),
        found: `a key of ${found.columns.join(', ')}`,
        needed: `a key of ${table.key.column}`,
      })
}

/** The path of a table's keys. */
function keysPath(table: TableDefinition): string {
  return `EntityDefinitions(LogicalName='${table.logicalName}')/Keys`
}
