import { z } from 'zod'
import { AppError } from '../../../contracts/app-error.js'
import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { findOrCreate } from '../find-or-create.js'
import { IN_OUR_SOLUTION } from '../names.js'
import { poll } from '../poll.js'
import { lostAnswer } from '../wire/part-error.js'
import { keyBody } from './bodies.js'
import { type TableDefinition, TABLES } from './definitions.js'
import { getIfThere } from './get-if-there.js'
import { labelIn } from './labels.js'
import { organizationOf } from './organization-of.js'
import type { DynamicsStep } from './setup-step.js'

const keys = z.object({
  value: z.array(
    z.object({
      SchemaName: z.string(),
      KeyAttributes: z.array(z.string()),
      EntityKeyIndexStatus: z.string(),
    }),
  ),
})

/** The index is built in the background; on empty tables that is quick. */
const ACTIVE_WITHIN_MS = 5 * 60_000

const LOOK = 'GET /EntityDefinitions/Keys'

/** Makes the alternate keys and waits until they can be used (docs/wire-dataverse.md, 16.5). */
export const keysStep: DynamicsStep = {
  id: 'keys',
  title: 'Create the alternate keys',
  weight: 4,
  async run({ client, facts }, context) {
    const label = labelIn(organizationOf(facts).languageCode)
    for (const table of TABLES) {
      await findOrCreate(
        client,
        {
          find: () => keyStatus(client, table, context),
          path: keysPath(table),
          body: keyBody(table, label),
          headers: IN_OUR_SOLUTION,
          operation: 'POST /EntityDefinitions/Keys',
        },
        context,
      )
    }
    for (const table of TABLES) {
      await untilActive(client, table, context)
    }
    return {}
  },
}

async function untilActive(
  client: DataverseClient,
  table: TableDefinition,
  context: CallContext,
): Promise<void> {
  const settled = await poll(
    async () => {
      const status = await keyStatus(client, table, context)
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
    throw lostAnswer(LOOK, 'read', 'a key is still being built')
  }
}

async function keyStatus(client: DataverseClient, table: TableDefinition, context: CallContext) {
  const path = `${keysPath(table)}?$select=SchemaName,KeyAttributes,EntityKeyIndexStatus`
  const body = await getIfThere(client, path, LOOK, keys, context)
  const own = body?.value.find(
    (key) => key.SchemaName.toLowerCase() === table.key.schemaName.toLowerCase(),
  )
  return own?.EntityKeyIndexStatus ?? null
}

function keysPath(table: TableDefinition): string {
  return `EntityDefinitions(LogicalName='${table.logicalName}')/Keys`
}
