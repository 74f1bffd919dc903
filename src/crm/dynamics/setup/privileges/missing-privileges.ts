import type { CallContext } from '../../../../http/index.js'
import type { DataverseClient } from '../../client.js'
import { allRows } from '../../reading/pages.js'
import { whereTold } from '../../../../http/index.js'
import { stringLiteral } from '../../wire/odata.js'
import { type Depth, userPrivileges } from './user-privileges.js'

/** A privilege that is needed. */
export interface NeededPrivilege {
  readonly name: string
  /** Must reach the whole organisation: a user of one business unit would leave out the others' contacts. */
  readonly global: boolean
  /** Whether the name is certain. Others count only where the organisation knows them. */
  readonly certain: boolean
}

/**
 * What the application user lacks of the privileges needed, all at once; none where the service does not tell, as the
 * calls themselves are the proof then. `(organisation)` after a name: for the
 * whole organisation, not for one business unit.
 *
 * @throws UpstreamError
 */
export async function missingPrivileges(
  client: DataverseClient,
  userId: string,
  needed: readonly NeededPrivilege[],
  context: CallContext,
): Promise<readonly string[]> {
  const held = await userPrivileges(client, userId, context)
  if (held === null) {
    return []
  }
  const lacking = needed.filter(
    ({ name, global }) => !isEnough(held.get(name.toLowerCase()), global),
  )
  const doubtful = lacking.filter(({ certain }) => !certain).map(({ name }) => name)
  const known = doubtful.length === 0 ? new Set() : await knownPrivileges(client, doubtful, context)
  return lacking
    .filter(({ name, certain }) => certain || known.has(name.toLowerCase()))
    .map(({ name, global }) => (global ? `${name} (organisation)` : name))
}

function isEnough(depth: Depth | undefined, global: boolean): boolean {
  return global ? depth === 'Global' : depth !== undefined
}

/** Which of the names are privileges here at all; none where that cannot be read. In lower case. */
async function knownPrivileges(
  client: DataverseClient,
  names: readonly string[],
  context: CallContext,
): Promise<ReadonlySet<string>> {
  const filter = names.map((name) => `name eq ${stringLiteral(name)}`).join(' or ')
  const listing = { setName: 'privileges', select: ['name'], filter, name: 'setup.privileges' }
  const rows = await whereTold(allRows(client, listing, context))
  return new Set((rows ?? []).map((row) => String(row['name']).toLowerCase()))
}
