import { selectColumns, rowScope } from '../data/columns.js'
import { writeRow } from '../data/serialize.js'
import { ServiceError } from '../errors.js'
import { noContent, odata, queryOf } from '../http/api-request.js'
import type { Operation, OperationCall } from '../http/operations.js'
import { addToSolution, solutionByName } from '../metadata/solution-header.js'
import { compileFilter } from '../odata/compile-filter.js'
import { parseFilter } from '../odata/parse-filter.js'
import { requireNamed, requireOnTable } from '../privileges.js'
import type { Table } from '../store/schema.js'
import { publishTables, publishXml, unpublished } from './publish.js'

/** Publishing, the unpublished layer, and adding existing components to a solution. */
export const customizationOperations: Readonly<Record<string, Operation>> = {
  PublishXml: {
    method: 'POST',
    run: async ({ context, body }) => {
      requireNamed(context, 'prvPublishCustomization')
      await context.org.lock.run('publish', () => publishXml(context, body['ParameterXml']))
      return noContent()
    },
  },
  PublishAllXml: {
    method: 'POST',
    run: async ({ context }) => {
      requireNamed(context, 'prvPublishCustomization')
      await context.org.lock.run('publish', () => publishTables(context, () => true))
      return noContent()
    },
  },
  AddSolutionComponent: {
    method: 'POST',
    run: ({ context, body }) => {
      const solution = solutionByName(context, String(body['SolutionUniqueName']))
      if (typeof body['ComponentId'] !== 'string' || typeof body['ComponentType'] !== 'number') {
        throw new ServiceError(400, '0x80048d19', 'ComponentId and ComponentType are needed.')
      }
      addToSolution(context, solution, body['ComponentType'], body['ComponentId'])
      return odata({ id: crypto.randomUUID() })
    },
  },
  ...unpublishedReads('systemform'),
  ...unpublishedReads('savedquery'),
}

function unpublishedReads(table: string): Readonly<Record<string, Operation>> {
  return {
    [`${table}.RetrieveUnpublished`]: {
      method: 'GET',
      run: (call) => {
        const target = boundTable(call)
        if (call.row === undefined) {
          throw new ServiceError(404, '0x80060888', 'RetrieveUnpublished is bound to one row.')
        }
        const columns = selectColumns(
          call.context,
          target,
          queryOf(call.request).options.get('$select'),
        )
        return odata(writeRow(call.context, target, unpublished(call.row), columns, false))
      },
    },
    [`${table}.RetrieveUnpublishedMultiple`]: {
      method: 'GET',
      run: (call) => {
        const target = boundTable(call)
        const query = queryOf(call.request)
        const filter = query.options.get('$filter')
        const passes =
          filter === undefined
            ? () => true
            : compileFilter(parseFilter(filter, query.aliases), rowScope(call.context, target))
        const columns = selectColumns(call.context, target, query.options.get('$select'))
        const rows = [...call.context.org.store.rows(target).all()].map(unpublished).filter(passes)
        return odata({
          value: rows.map((row) => writeRow(call.context, target, row, columns, false)),
        })
      },
    },
  }
}

function boundTable(call: OperationCall): Table {
  if (call.table === undefined) {
    throw new ServiceError(404, '0x80060888', 'This function is bound to a set.')
  }
  requireOnTable(call.context, 'Read', call.table)
  return call.table
}
