import type { SimResponse } from '../../common/http-server.js'
import { namedArguments } from '../data/resource-path.js'
import { noSuchSegment, ServiceError, wrongMethod } from '../errors.js'
import { odata, queryOf, type ApiRequest } from '../http/api-request.js'
import { parseLiteral } from '../odata/literal.js'
import type { Context } from '../organisation.js'
import type { JsonObject, Relationship } from '../store/schema.js'
import { deleteRelationship, replaceRelationship } from './change-definitions.js'
import { createRelationship } from './create-relationship.js'
import { describeRelationship } from './describe.js'
import { filterDefinitions, refusePaging, selectProperties } from './query-definitions.js'
import { COMPONENT } from './solution-header.js'
import { columnsChanged, writeDefinition } from './write.js'

const CAST = 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata'

/** `RelationshipDefinitions`: list, create, read one (with a cast), replace, delete. */
export function routeRelationships(
  context: Context,
  request: ApiRequest,
): SimResponse | Promise<SimResponse> {
  const [first, cast] = request.segments
  if (cast !== undefined && cast.name !== CAST) {
    throw noSuchSegment(cast.name)
  }
  const derived = cast !== undefined
  if (first?.argument === undefined) {
    return relationshipList(context, request, derived)
  }
  const relationship = byKey(context, first.argument)
  switch (request.method) {
    case 'GET':
      return odata({
        '@odata.context': `${context.root}$metadata#RelationshipDefinitions/$entity`,
        ...selectProperties(describeRelationship(relationship, derived), queryOf(request)),
      })
    case 'PUT':
      return writeDefinition(context, request, 'replaceRelationship', (body) => {
        replaceRelationship(context, relationship, body)
        return undefined
      })
    case 'DELETE':
      return writeDefinition(context, request, 'deleteRelationship', () => {
        deleteRelationship(context, relationship)
        return undefined
      })
    default:
      throw wrongMethod(request.method)
  }
}

function relationshipList(
  context: Context,
  request: ApiRequest,
  derived: boolean,
): SimResponse | Promise<SimResponse> {
  if (request.method === 'POST') {
    return writeDefinition(context, request, 'createRelationship', (body) => {
      const made = createRelationship(context, body)
      columnsChanged(context, context.org.store.table(made.referencing))
      const path = `RelationshipDefinitions(${made.metadataId})`
      return { path, componentType: COMPONENT.relationship, id: made.metadataId }
    })
  }
  if (request.method !== 'GET') {
    throw wrongMethod(request.method)
  }
  const query = queryOf(request)
  refusePaging(query)
  const all: JsonObject[] = [...context.org.store.relationships.values()].map((one) =>
    describeRelationship(one, derived),
  )
  const [sample = {}] = all
  return odata({
    value: filterDefinitions(all, sample, query).map((one) => selectProperties(one, query)),
  })
}

function byKey(context: Context, key: string): Relationship {
  const name = namedArguments(key).get('SchemaName')
  const wanted = name === undefined ? undefined : parseLiteral(name).value
  const found = [...context.org.store.relationships.values()].find(
    (one) => one.metadataId === key.toLowerCase() || one.schemaName === wanted,
  )
  if (found === undefined) {
    throw new ServiceError(
      404,
      '0x80060888',
      `Could not find a relationship with specified key: ${key}`,
    )
  }
  return found
}
