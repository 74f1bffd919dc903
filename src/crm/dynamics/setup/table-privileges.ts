import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import type { TableFacts } from '../facts.js'
import { lostAnswer } from '../wire/part-error.js'
import { whoAmI } from '../who-am-i.js'
import { checkStep } from './check.js'
import { TABLES } from './definitions.js'
import { findTable } from './find-table.js'
import { missingPrivileges, type NeededPrivilege } from './missing-privileges.js'
import { privilegeMissing } from './pauses.js'

const VERBS = ['Create', 'Read', 'Write', 'Delete', 'Append', 'AppendTo']

/** `prv` + verb + schema name (docs/wire-dataverse.md, 16.13). */
const OF_OUR_TABLES: readonly NeededPrivilege[] = TABLES.flatMap((table) =>
  VERBS.map((verb) => ({ name: `prv${verb}${table.schemaName}`, global: true, certain: true })),
)

const OF_CONTACT: NeededPrivilege = { name: 'prvAppendToContact', global: true, certain: false }

/** The privileges on our tables exist only since the tables do, and somebody has to give them. */
export const tablePrivilegesStep = checkStep({
  id: 'tablePrivileges',
  title: 'Check the privileges on the subscription tables',
  weight: 5,
  forSubscriptions: true,
  async verify({ client }, context) {
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
    // What the service lists may be incomplete; reading is proven by reading.
    for (const [index, { schemaName }] of TABLES.entries()) {
      const table = tables[index]
      const listed = missing.some((name) => name.startsWith(`prvRead${schemaName} `))
      if (table !== undefined && !listed && !(await mayRead(client, table, context))) {
        missing.push(`prvRead${schemaName}`)
      }
    }
    return missing.length === 0
      ? { state: 'done' }
      : { state: 'paused', pause: privilegeMissing(missing, { userId, skippable: true }) }
  },
})

async function mayRead(
  client: DataverseClient,
  table: TableFacts,
  context: CallContext,
): Promise<boolean> {
  const path = `${table.setName}?$select=${table.primaryId}&$top=1`
  const operation = 'GET /{our table}'
  const request = { method: 'GET', path, operation, name: 'setup.privileges' } as const
  try {
    await client.text({ ...request, effect: 'read' }, context)
    return true
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_forbidden') {
      return false
    }
    if (error instanceof UpstreamError && error.status === 404) {
      throw lostAnswer(operation, 'read', 'the new table is not to be seen yet')
    }
    throw error
  }
}
