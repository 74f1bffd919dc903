import type { SimResponse } from '../../common/http-server.js'
import { parseJsonObject } from '../data/parse-body.js'
import { namedArguments } from '../data/resource-path.js'
import { wrongMethod } from '../errors.js'
import type { Context } from '../organisation.js'
import type { JsonObject, Row, Table } from '../store/schema.js'
import { queryOf, type ApiRequest } from './api-request.js'

/** Input of a function or action: arguments, body, and the row or table it is bound to. */
export interface OperationCall {
  readonly context: Context
  readonly request: ApiRequest
  /** Raw argument texts by name, aliases resolved. */
  readonly arguments: ReadonlyMap<string, string>
  readonly body: JsonObject
  readonly table?: Table
  readonly row?: Row
}

/** A function (GET) or action (POST). */
export interface Operation {
  readonly method: 'GET' | 'POST'
  /** Writes customizations: not allowed in a change set. */
  readonly run: (call: OperationCall) => SimResponse | Promise<SimResponse>
}

/** Operations by name; bound ones are named `table.Name`. */
export type OperationCatalog = ReadonlyMap<string, Operation>

/** Calls an operation after reading its arguments and body. */
export function callOperation(
  operation: Operation,
  context: Context,
  request: ApiRequest,
  argument: string | undefined,
  bound: { readonly table?: Table; readonly row?: Row } = {},
): SimResponse | Promise<SimResponse> {
  if (request.method !== operation.method) {
    throw wrongMethod(request.method)
  }
  const { aliases } = queryOf(request)
  const body = request.body === '' ? {} : parseJsonObject('action', request.body)
  return operation.run({
    context,
    request,
    arguments: namedArguments(argument ?? '', aliases),
    body,
    ...bound,
  })
}
