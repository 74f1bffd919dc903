import {
  type CallContext,
  ifAvailable,
  answer,
  entries,
  part,
  readRecords,
  UpstreamError,
} from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { allRows } from '../reading/pages.js'
import { stringLiteral } from '../wire/odata.js'
import { z } from 'zod'
import { STRONG } from '../names.js'

/** A privilege that is needed. */
export interface NeededPrivilege {
  readonly name: string
  /** Must apply to the organisation: a user limited to one business unit would not see the contacts of the others. */
  readonly global: boolean
  /** Whether the name is certain. Other names count only if the organisation has such a privilege. */
  readonly certain: boolean
}

/**
 * All needed privileges that the application user lacks; empty if the service does not report privileges, because then
 * the calls themselves are the proof. `(organisation)` after a name: needed for the organisation, not only for one
 * business unit.
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

/** Which of the names exist as privileges in this organisation, in lower case; empty if that cannot be read. */
async function knownPrivileges(
  client: DataverseClient,
  names: readonly string[],
  context: CallContext,
): Promise<ReadonlySet<string>> {
  const filter = names.map((name) => `name eq ${stringLiteral(name)}`).join(' or ')
  const listing = { setName: 'privileges', select: ['name'], filter, name: 'setup.privileges' }
  const rows = await ifAvailable(allRows(client, listing, context))
  return new Set((rows ?? []).map((row) => String(row['name']).toLowerCase()))
}

/** How far a privilege reaches. Reading changes needs `Global`, the organisation. */
export type Depth = 'Basic' | 'Local' | 'Deep' | 'Global'

const LOOK = 'GET /systemusers({id})/RetrieveUserPrivileges'
const held = answer(
  { name: 'dynamics.privileges', operation: LOOK, lossUnit: 'call' },
  part({ RolePrivileges: entries }),
)
const privilege = answer(
  { name: 'dynamics.privilege', operation: LOOK, lossUnit: 'record' },
  part({
    PrivilegeId: z.string().nullish().catch(null),
    PrivilegeName: z.string().nullish().catch(null),
    Depth: z.union([z.string(), z.number()]),
  }),
)

const DEPTHS: readonly Depth[] = ['Basic', 'Local', 'Deep', 'Global']

/**
 * The privileges of a user by lower-case name, each with its greatest depth (docs/wire-dataverse.md, 5).
 *
 * @returns null if the service does not report them: then the calls themselves are the proof. @throws UpstreamError
 */
async function userPrivileges(
  client: DataverseClient,
  userId: string,
  context: CallContext,
): Promise<ReadonlyMap<string, Depth> | null> {
  let reported: z.output<typeof privilege.schema>[]
  try {
    const path = `systemusers(${userId})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges`
    const request = { method: 'GET', path, operation: LOOK, name: 'setup.privileges' } as const
    const read = { ...request, effect: 'read', headers: STRONG } as const
    const { body } = await client.json(read, held, context)
    reported = readRecords(privilege, body.RolePrivileges, context)
  } catch (error) {
    if (error instanceof UpstreamError && doesNotReport(error)) {
      return null
    }
    throw error
  }
  const unnamed = reported.some(({ PrivilegeName }) => !PrivilegeName)
  const names = unnamed ? await privilegeNames(client, context) : new Map<string, string>()
  const depths = new Map<string, Depth>()
  for (const { PrivilegeName, PrivilegeId, Depth: given } of reported) {
    const name = (PrivilegeName ?? names.get(PrivilegeId?.toLowerCase() ?? ''))?.toLowerCase()
    const depth = typeof given === 'number' ? DEPTHS[given] : DEPTHS.find((one) => one === given)
    if (name === undefined || depth === undefined) {
      continue
    }
    const before = depths.get(name)
    if (before === undefined || DEPTHS.indexOf(depth) > DEPTHS.indexOf(before)) {
      depths.set(name, depth)
    }
  }
  return depths
}

async function privilegeNames(client: DataverseClient, context: CallContext) {
  const listing = {
    setName: 'privileges',
    select: ['name', 'privilegeid'],
    name: 'setup.privileges',
  }
  const rows = await allRows(client, listing, context)
  return new Map(rows.map((row) => [String(row['privilegeid']).toLowerCase(), String(row['name'])]))
}

function doesNotReport(error: UpstreamError): boolean {
  return (
    error.code === 'upstream_forbidden' ||
    error.code === 'upstream_not_found' ||
    error.code === 'upstream_refused' ||
    error.code === 'upstream_unexpected_answer' ||
    error.code === 'upstream_answer_too_large'
  )
}
