import { closedColumns, type ClosedColumn } from '../../reading/column-access.js'
import { CONTACT_USE, useOfOurs } from '../../reading/column-guard.js'
import { whoAmI } from '../../who-am-i.js'
import { checkStep } from '../../../own-step.js'
import type { DynamicsCrm } from '../../session.js'
import { missingPrivileges, type NeededPrivilege } from '../missing-privileges.js'
import { privilegeMissing } from '../pauses.js'
import { type CallContext, UpstreamError } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import type { DynamicsFacts, TableFacts } from '../../facts.js'
import { lostAnswer } from '../../wire/errors.js'
import type { DynamicsStep } from '../step.js'
import { type TableDefinition, TABLES } from '../table/definitions.js'
import { findTable, NAME_COLUMN } from '../table/find-table.js'
import { isUnknownYet, LOOKUP_VALUES, plainColumns } from '../table/visible.js'

const AT_RUN_TIME: readonly NeededPrivilege[] = ['prvReadContact', 'prvWriteContact'].map(
  (name) => ({
    name,
    global: true,
    certain: true,
  }),
)

/** The names are not verified (docs/wire-dataverse.md, 5). If one is wrong, the call itself is refused with 403. */
const FOR_WEBHOOKS = duringSetup([
  'prvReadEntity',
  'prvCreateServiceEndpoint',
  'prvWriteServiceEndpoint',
  'prvCreateSdkMessageProcessingStep',
  'prvWriteSdkMessageProcessingStep',
  'prvReadSdkMessage',
])

/** Not verified either; needed only for subscriptions. */
const FOR_TABLES = duringSetup([
  'prvCreateEntity',
  'prvWriteEntity',
  'prvCreateAttribute',
  'prvReadAttribute',
  'prvWriteAttribute',
  'prvCreateRelationship',
  'prvReadRelationship',
  'prvReadCustomization',
  'prvWriteCustomization',
  'prvPublishCustomization',
  'prvWriteSystemForm',
  'prvReadQuery',
  'prvCreateQuery',
  'prvWriteQuery',
])

/** Needed if the organisation audits: without it, Dynamics silently omits when and by whom a toggle was set. */
const FOR_AUDIT = duringSetup(['prvReadAuditSummary'])

function duringSetup(names: readonly string[]): readonly NeededPrivilege[] {
  return names.map((name) => ({ name, global: false, certain: false }))
}

/** Reports early, and in one pause, which privileges the application user lacks. */
export const privilegesStep = checkStep<DynamicsCrm>({
  id: 'privileges',
  title: 'Check the privileges of the application user',
  weight: 2,
  without: 'a privilege that is lacking shows at a later step',
  async verify({ client, facts }, context) {
    const { userId } = await whoAmI(client, context)
    const needed = [
      ...AT_RUN_TIME,
      ...(facts.organization?.auditEnabled === false ? [] : FOR_AUDIT),
      ...FOR_WEBHOOKS,
      ...(context.subscriptionSync ? FOR_TABLES : []),
    ]
    const missing = await missingPrivileges(client, userId, needed, context)
    // A user who may not read the table is not asked about its columns.
    const closed = missing.some((name) => name.startsWith('prvReadContact'))
      ? []
      : await closedColumns(client, CONTACT_USE, () => Promise.resolve(userId), context)
    return missing.length === 0 && closed.length === 0
      ? { state: 'done' }
      : { state: 'paused', pause: privilegeMissing(missing, { userId, skippable: true, closed }) }
  },
})

const VERBS = ['Create', 'Read', 'Write', 'Delete', 'Append', 'AppendTo']

/** `prv` + verb + schema name (docs/wire-dataverse.md, 16.13). */
const OF_OUR_TABLES: readonly NeededPrivilege[] = TABLES.flatMap((table) =>
  VERBS.map((verb) => ({ name: `prv${verb}${table.schemaName}`, global: true, certain: true })),
)

const OF_CONTACT: NeededPrivilege = { name: 'prvAppendToContact', global: true, certain: false }

/** The privileges on our tables exist only once the tables do, and somebody has to grant them. */
export const tablePrivilegesStep = checkStep<DynamicsCrm, Pick<DynamicsStep, 'forSubscriptions'>>({
  id: 'tablePrivileges',
  title: 'Check the privileges on the subscription tables',
  weight: 2,
  without: 'set-up then waits at the first step that needs the privileges',
  forSubscriptions: true,
  async verify({ client, facts }, context) {
    const tables: TableFacts[] = []
    for (const table of TABLES) {
      const found = await findTable(client, table, context)
      if (found === null) {
        const names = OF_OUR_TABLES.map(({ name }) => name).join(', ')
        const what = `Check, once the tables are there, that a role gives the application user ${names}`
        return { state: 'due', changes: [{ what }] }
      }
      tables.push(found.facts)
    }
    const { userId } = await whoAmI(client, context)
    const needed = [...OF_OUR_TABLES, OF_CONTACT]
    const missing = [...(await missingPrivileges(client, userId, needed, context))]
    const closed: ClosedColumn[] = []
    // The service's list may be incomplete; only reading proves that reading is allowed.
    for (const [index, definition] of TABLES.entries()) {
      const table = tables[index]
      const right = `prvRead${definition.schemaName}`
      const listed = missing.some((name) => name.startsWith(`${right} `))
      const columns = [...columnsMade(definition, facts), ...lookupsMade(definition, facts)]
      if (table === undefined || listed) {
        continue
      }
      if (await mayRead(client, table, columns, context)) {
        const use = useOfOurs(definition.logicalName, table)
        closed.push(...(await closedColumns(client, use, () => Promise.resolve(userId), context)))
      } else {
        missing.push(right)
      }
    }
    return missing.length === 0 && closed.length === 0
      ? { state: 'done' }
      : { state: 'paused', pause: privilegeMissing(missing, { userId, skippable: true, closed }) }
  },
})

/**
 * The plain columns if the step that creates them is done; otherwise the name column, which every table of ours has.
 */
function columnsMade(definition: TableDefinition, facts: DynamicsFacts): readonly string[] {
  return facts[definition.factsKey] === undefined ? [NAME_COLUMN] : plainColumns(definition)
}

/** The lookups if the step that creates them is done; otherwise none. */
function lookupsMade(definition: TableDefinition, facts: DynamicsFacts): readonly string[] {
  return definition.factsKey === 'subscriptionsTable' && facts.navigation ? LOOKUP_VALUES : []
}

/**
 * Reads all columns that the sync reads. Without the right to read, a new column that is not visible yet cannot be
 * recognised, so the steps that created the columns may not have waited for them.
 */
async function mayRead(
  client: DataverseClient,
  table: TableFacts,
  columns: readonly string[],
  context: CallContext,
): Promise<boolean> {
  const path = `${table.setName}?$select=${columns.join(',')}&$top=1`
  const operation = 'GET /{our table}'
  const request = { method: 'GET', path, operation, name: 'setup.privileges' } as const
  try {
    await client.text({ ...request, effect: 'read' }, context)
    return true
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_forbidden') {
      return false
    }
    if (isUnknownYet(error)) {
      throw lostAnswer(operation, 'read', 'the new table or column is not visible yet')
    }
    throw error
  }
}
