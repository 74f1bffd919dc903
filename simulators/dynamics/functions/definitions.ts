import { ServiceError } from '../errors.js'
import { noContent, odata } from '../http/api-request.js'
import type { Operation } from '../http/operations.js'
import { dependenciesForDelete } from '../metadata/dependencies.js'
import { reactivateKey } from '../metadata/keys.js'
import { parseLiteral } from '../odata/literal.js'

/** Functions and actions about definitions: dependencies and keys (wire page, sections 16.5 and 16.14). */
export const definitionOperations: Readonly<Record<string, Operation>> = {
  RetrieveDependenciesForDelete: {
    method: 'GET',
    run: ({ context, arguments: given }) => {
      const id = String(parseLiteral(given.get('ObjectId') ?? 'null').value)
      const type = Number(given.get('ComponentType'))
      const dependents = dependenciesForDelete(context, type, id)
      return odata({
        '@odata.context': `${context.root}$metadata#dependencies`,
        value: dependents.map((one) => ({
          dependentcomponenttype: one.type,
          dependentcomponentobjectid: one.id,
          requiredcomponenttype: type,
          requiredcomponentobjectid: id,
          dependencytype: 2,
        })),
      })
    },
  },
  ReactivateEntityKey: {
    method: 'POST',
    run: ({ context, body }) => {
      const table = context.org.store.tables.get(String(body['EntityLogicalName']))
      const key = table?.keys.get(String(body['EntityKeyLogicalName']).toLowerCase())
      if (table === undefined || key === undefined) {
        throw new ServiceError(404, '0x80060888', 'There is no such entity key.')
      }
      reactivateKey(context, table, key)
      return noContent()
    },
  },
}
