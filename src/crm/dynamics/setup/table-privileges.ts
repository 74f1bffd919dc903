import { AppError } from '../../../contracts/app-error.js'
import { whoAmI } from '../who-am-i.js'
import { TABLES } from './definitions.js'
import { type NeededPrivilege, requirePrivileges } from './require-privileges.js'
import type { DynamicsStep } from './setup-step.js'

const VERBS = ['Create', 'Read', 'Write', 'Delete', 'Append', 'AppendTo']

/** `prv` + verb + schema name (docs/wire-dataverse.md, 16.13). */
const OF_OUR_TABLES: readonly NeededPrivilege[] = TABLES.flatMap((table) =>
  VERBS.map((verb) => ({ name: `prv${verb}${table.schemaName}`, global: true, certain: true })),
)

const OF_CONTACT: NeededPrivilege = { name: 'prvAppendToContact', global: true, certain: false }

/** The privileges on our tables exist only since the tables do, and somebody has to give them. */
export const tablePrivilegesStep: DynamicsStep = {
  id: 'tablePrivileges',
  title: 'Check the privileges on the subscription tables',
  weight: 1,
  async run({ client, facts }, context) {
    const { userId } = await whoAmI(client, context)
    await requirePrivileges(client, userId, [...OF_OUR_TABLES, OF_CONTACT], context)
    // What the service lists may be incomplete; reading is proven by reading.
    for (const { factsKey } of TABLES) {
      const table = facts[factsKey]
      if (table === undefined) {
        throw new AppError('internal', `the step "tables" must run before "tablePrivileges"`)
      }
      await client.text(
        {
          method: 'GET',
          path: `${table.setName}?$select=${table.primaryId}&$top=1`,
          operation: 'GET /{our table}',
          name: 'setup.privileges',
          effect: 'read',
        },
        context,
      )
    }
    return {}
  },
}
