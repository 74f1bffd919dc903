import { noSuchSegment } from '../errors.js'
import { odata } from '../http/api-request.js'
import type { Operation } from '../http/operations.js'
import { parseLiteral } from '../odata/literal.js'
import { stableGuid, type Context } from '../organisation.js'
import { OTHER_PRIVILEGES, privilegeName, TABLE_VERBS } from '../privileges.js'
import type { JsonObject } from '../store/schema.js'

/** The application user's privileges (wire page, sections 5 and 16.13). */
export const privilegeOperations: Readonly<Record<string, Operation>> = {
  'systemuser.RetrieveUserPrivileges': {
    method: 'GET',
    run: ({ context }) => answer(context, allNames(context)),
  },
  'systemuser.RetrievePrincipalAttributePrivileges': {
    method: 'GET',
    run: ({ context }) =>
      odata({
        '@odata.context': `${context.root}$metadata#Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivilegesResponse`,
        AttributePrivileges: securedColumns(context).map(({ metadataId, security }) => ({
          AttributeId: metadataId,
          CanRead: allowed(security.read),
          CanUpdate: allowed(security.update),
          CanCreate: allowed(security.create),
        })),
      }),
  },
  'systemuser.RetrieveUserPrivilegeByPrivilegeName': {
    method: 'GET',
    run: ({ context, arguments: given }) => {
      const name = String(parseLiteral(given.get('PrivilegeName') ?? 'null').value)
      const known = allNames(context).find((one) => one.toLowerCase() === name.toLowerCase())
      if (known === undefined) {
        throw noSuchSegment(name)
      }
      return answer(context, [known])
    },
  },
}

/** The values of `field_security_permission_type`. */
function allowed(may: boolean): number {
  return may ? 4 : 0
}

/** The columns with a permission in one of the user's profiles. */
function securedColumns(context: Context) {
  return [...context.org.store.tables.values()]
    .flatMap((table) => [...table.columns.values()])
    .flatMap(({ metadataId, security }) =>
      security !== undefined && (security.read || security.update || security.create)
        ? [{ metadataId, security }]
        : [],
    )
}

function allNames(context: Context): readonly string[] {
  const names = [...context.org.store.tables.values()].flatMap((table) =>
    TABLE_VERBS.map((verb) => privilegeName(verb, table)),
  )
  return [...new Set([...names.filter((name) => name !== undefined), ...OTHER_PRIVILEGES])]
}

function answer(context: Context, names: readonly string[]): ReturnType<typeof odata> {
  const granted: JsonObject[] = []
  for (const name of names) {
    const depth = context.org.privileges.depth(name)
    if (depth !== undefined) {
      granted.push({
        Depth: depth,
        PrivilegeId: stableGuid(`privilege ${name.toLowerCase()}`),
        BusinessUnitId: context.org.businessUnitId,
        PrivilegeName: name,
        RecordFilterId: '00000000-0000-0000-0000-000000000000',
        RecordFilterUniqueName: '',
      })
    }
  }
  return odata({
    '@odata.context': `${context.root}$metadata#Microsoft.Dynamics.CRM.RetrieveUserPrivilegesResponse`,
    RolePrivileges: granted,
  })
}
