import { z } from 'zod'
import { AppError } from '../../../contracts/app-error.js'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import type { TableFacts } from '../facts.js'
import { findOrCreate } from '../find-or-create.js'
import { IN_OUR_SOLUTION } from '../names.js'
import { poll } from '../poll.js'
import { lostAnswer } from '../wire/part-error.js'
import { queryString } from '../wire/odata.js'
import { columnBody, tableBody } from './bodies.js'
import { type ColumnDefinition, type TableDefinition, TABLES } from './definitions.js'
import { getIfThere } from './get-if-there.js'
import { type Label, labelIn } from './labels.js'
import { organizationOf } from './organization-of.js'
import type { DynamicsStep } from './setup-step.js'

const tableAnswer = z.object({
  MetadataId: z.guid(),
  EntitySetName: z.string().min(1),
  PrimaryIdAttribute: z.string().min(1),
  ObjectTypeCode: z.number().nullish(),
})
const columnAnswer = z.object({ LogicalName: z.string() })

/** New columns are in the data within half a minute (docs/wire-dataverse.md, trap 16). */
const VISIBLE_WITHIN_MS = 60_000

/** Makes the two tables and their plain columns, and learns the names that the service gave them. */
export const tablesStep: DynamicsStep = {
  id: 'tables',
  title: 'Create the subscription tables',
  weight: 12,
  async run({ client, facts }, context) {
    const label = labelIn(organizationOf(facts).languageCode)
    const learned: Record<string, TableFacts> = {}
    for (const table of TABLES) {
      const own = await ensureTable(client, table, label, context)
      for (const column of table.columns) {
        await ensureColumn(client, table, column, label, context)
      }
      await untilVisible(client, table, own, context)
      learned[table.factsKey] = own
    }
    return learned
  },
}

async function ensureTable(
  client: DataverseClient,
  table: TableDefinition,
  label: (text: string) => Label,
  context: CallContext,
): Promise<TableFacts> {
  const select = [
    'MetadataId',
    'SchemaName',
    'EntitySetName',
    'PrimaryIdAttribute',
    'ObjectTypeCode',
  ]
  const path = `EntityDefinitions(LogicalName='${table.logicalName}')${queryString({ select })}`
  const find = () => getIfThere(client, path, 'GET /EntityDefinitions', tableAnswer, context)
  const { found } = await findOrCreate(
    client,
    {
      find,
      path: 'EntityDefinitions',
      body: tableBody(table, label),
      headers: IN_OUR_SOLUTION,
      operation: 'POST /EntityDefinitions',
      timeoutMs: 240_000,
    },
    context,
  )
  return {
    setName: found.EntitySetName,
    primaryId: found.PrimaryIdAttribute,
    metadataId: found.MetadataId,
    objectTypeCode: found.ObjectTypeCode ?? null,
  }
}

async function ensureColumn(
  client: DataverseClient,
  table: TableDefinition,
  column: ColumnDefinition,
  label: (text: string) => Label,
  context: CallContext,
): Promise<void> {
  const type = column.type === 'boolean' ? 'BooleanAttributeMetadata' : 'StringAttributeMetadata'
  const base = `EntityDefinitions(LogicalName='${table.logicalName}')/Attributes`
  // Read as its type: a column of that name with another type is not found, and then refuses to be made.
  const path = `${base}(LogicalName='${column.schemaName.toLowerCase()}')/Microsoft.Dynamics.CRM.${type}?$select=LogicalName`
  const operation = 'POST /EntityDefinitions/Attributes'
  try {
    await findOrCreate(
      client,
      {
        find: () =>
          getIfThere(client, path, 'GET /EntityDefinitions/Attributes', columnAnswer, context),
        path: base,
        body: columnBody(column, label),
        headers: IN_OUR_SOLUTION,
        operation,
      },
      context,
    )
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_refused') {
      const name = `${table.logicalName}.${column.schemaName.toLowerCase()}`
      throw new AppError('crm_refused', `Dynamics has no usable column ${name}: ${error.message}`, {
        path: name,
        cause: error,
      })
    }
    throw error
  }
}

async function untilVisible(
  client: DataverseClient,
  definition: TableDefinition,
  table: TableFacts,
  context: CallContext,
): Promise<void> {
  const columns = definition.columns.map((column) => column.schemaName.toLowerCase())
  const path = `${table.setName}?$select=${columns.join(',')}&$top=1`
  const operation = 'GET /{our table}'
  const visible = await poll(
    async () => {
      try {
        const request = {
          method: 'GET',
          path,
          operation,
          name: 'setup.look',
          effect: 'read',
        } as const
        await client.text(request, context)
        return true
      } catch (error) {
        // Before the privileges are given nothing can be read, and nothing more be learned here.
        if (error instanceof UpstreamError && error.status === 403) {
          return true
        }
        if (error instanceof UpstreamError && (error.status === 400 || error.status === 404)) {
          return null
        }
        throw error
      }
    },
    { withinMs: VISIBLE_WITHIN_MS },
    context,
  )
  if (visible === null) {
    throw lostAnswer(operation, 'read', 'the new columns are not to be seen yet')
  }
}
