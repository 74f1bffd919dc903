import type { SimResponse } from '../../common/http-server.js'
import { parseJsonObject } from '../data/parse-body.js'
import type { Customization } from '../customization/pace.js'
import { noContent, type ApiRequest } from '../http/api-request.js'
import type { Context } from '../organisation.js'
import { requireNamed } from '../privileges.js'
import type { JsonObject, Row, Table } from '../store/schema.js'
import { addToSolution, COMPONENT, solutionOf } from './solution-header.js'

/** Result of a metadata write: its address below the API root, and its component. */
export interface Made {
  readonly path: string
  readonly componentType: number
  readonly id: string
  /** The table it belongs to, which gets an entry in the solution too. */
  readonly tableId?: string
}

const PRIVILEGES: Readonly<Record<Exclude<Customization, 'publish'>, string>> = {
  createTable: 'prvCreateEntity',
  replaceTable: 'prvWriteEntity',
  deleteTable: 'prvDeleteEntity',
  createColumn: 'prvCreateAttribute',
  replaceColumn: 'prvWriteAttribute',
  deleteColumn: 'prvDeleteAttribute',
  createKey: 'prvCreateAttribute',
  deleteKey: 'prvDeleteAttribute',
  createRelationship: 'prvCreateRelationship',
  replaceRelationship: 'prvWriteRelationship',
  deleteRelationship: 'prvDeleteRelationship',
}

/** Runs a metadata write: privilege, solution header, customization lock; answers 204. */
export async function writeDefinition(
  context: Context,
  request: ApiRequest,
  kind: Exclude<Customization, 'publish'>,
  work: (body: JsonObject) => Made | undefined,
): Promise<SimResponse> {
  requireNamed(context, PRIVILEGES[kind])
  const solution: Row | undefined = solutionOf(context, request.headers)
  const body = request.body === '' ? {} : parseJsonObject('metadata', request.body)
  const made = await context.org.lock.run(kind, () => work(body))
  if (made === undefined) {
    return noContent()
  }
  addToSolution(context, solution, made.componentType, made.id)
  if (made.tableId !== undefined) {
    addToSolution(context, solution, COMPONENT.entity, made.tableId, 2)
  }
  return noContent(`${context.root}${made.path}`)
}

/** New or dropped columns void delta tokens if the option is set (trap 9). */
export function columnsChanged(context: Context, table: Table): void {
  if (context.org.options.expireTokensOnMetadataChange) {
    context.org.store.expireTokens(table)
  }
}

/** Whether a PUT keeps labels of languages it does not name. */
export function mergesLabels(request: ApiRequest): boolean {
  return request.headers['mscrm.mergelabels']?.toLowerCase() === 'true'
}
