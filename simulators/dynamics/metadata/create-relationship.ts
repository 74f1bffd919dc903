import { badPayload, ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import { makeColumn } from '../store/build-table.js'
import type { JsonObject, Relationship, Table } from '../store/schema.js'
import { checkLabel, isObject, refuseUnknown, requireSchemaName } from './check-definition.js'

const KNOWN = [
  'SchemaName',
  'ReferencedEntity',
  'ReferencedAttribute',
  'ReferencingEntity',
  'ReferencedEntityNavigationPropertyName',
  'ReferencingEntityNavigationPropertyName',
  'AssociatedMenuConfiguration',
  'CascadeConfiguration',
  'Lookup',
]
const FREE = ['Active', 'Cascade', 'NoCascade', 'UserOwned']

/** Creates a one-to-many relationship and the lookup column with it (wire page, section 16.3). */
export function createRelationship(context: Context, body: JsonObject): Relationship {
  const { store } = context.org
  if (!String(body['@odata.type']).endsWith('OneToManyRelationshipMetadata')) {
    throw badPayload(
      'relationshipmetadata',
      'Microsoft.OData.ODataException: Only one-to-many relationships are simulated.',
    )
  }
  refuseUnknown(body, KNOWN, 'OneToManyRelationshipMetadata')
  const schemaName = requireSchemaName(body)
  if (
    [...store.relationships.keys()].some((name) => name.toLowerCase() === schemaName.toLowerCase())
  ) {
    throw new ServiceError(
      400,
      '0x8004701d',
      `A relationship with the name ${schemaName} already exists.`,
    )
  }
  const referenced = tableOf(context, body['ReferencedEntity'])
  const referencing = tableOf(context, body['ReferencingEntity'])
  const lookup = body['Lookup']
  if (!isObject(lookup)) {
    throw badPayload(
      'relationshipmetadata',
      "Microsoft.Crm.CrmException: Required field 'Lookup' is missing.",
    )
  }
  const lookupSchemaName = requireSchemaName(lookup)
  checkLabel(context, lookup, 'DisplayName', true)
  const logicalName = lookupSchemaName.toLowerCase()
  if (referencing.columns.has(logicalName)) {
    throw new ServiceError(
      400,
      '0x80047013',
      `An attribute with the specified name ${logicalName} already exists`,
    )
  }
  const cascade = readCascade(context, referenced, referencing, body)
  const navigation = stringOr(body['ReferencingEntityNavigationPropertyName'], lookupSchemaName)
  const relationship: Relationship = {
    schemaName,
    metadataId: crypto.randomUUID(),
    referenced: referenced.logicalName,
    referencing: referencing.logicalName,
    referencingColumn: logicalName,
    referencedNavigation: stringOr(body['ReferencedEntityNavigationPropertyName'], schemaName),
    referencingNavigation: navigation,
    ...cascade,
    definition: body,
  }
  const spec = {
    type: 'Lookup',
    schemaName: lookupSchemaName,
    navigation,
    target: referenced.logicalName,
    custom: true,
    visibleFromMs: context.org.cacheTime(),
    definition: lookup,
  } as const
  referencing.columns.set(logicalName, makeColumn(logicalName, spec, referencing.columns.size + 1))
  store.rows(referencing).addIndex([logicalName])
  store.relationships.set(schemaName, relationship)
  return relationship
}

/** Reads and checks the cascade settings. A parent that can be merged allows only Merge=Cascade. */
export function readCascade(
  context: Context,
  referenced: Table,
  referencing: Table,
  body: JsonObject,
): Pick<Relationship, 'cascadeDelete' | 'cascadeMerge'> {
  const given = body['CascadeConfiguration']
  const cascade = isObject(given) ? given : {}
  const remove = stringOr(cascade['Delete'], 'RemoveLink')
  const merge = stringOr(cascade['Merge'], 'NoCascade')
  const free = ['Assign', 'Reparent', 'Share', 'Unshare'].map((name) =>
    stringOr(cascade[name], 'NoCascade'),
  )
  const mergeable = referenced.logicalName === 'contact' || referenced.logicalName === 'account'
  const wrong =
    !['Cascade', 'RemoveLink', 'Restrict'].includes(remove) ||
    !['Cascade', 'NoCascade'].includes(merge) ||
    (mergeable && merge !== 'Cascade') ||
    free.some((value) => !FREE.includes(value))
  if (wrong || (free.every((value) => value === 'Cascade') && hasParent(context, referencing))) {
    throw new ServiceError(
      400,
      '0x80047007',
      'The cascade configuration is not valid for this relationship.',
    )
  }
  return {
    cascadeDelete: remove as Relationship['cascadeDelete'],
    cascadeMerge: merge as Relationship['cascadeMerge'],
  }
}

function hasParent(context: Context, referencing: Table): boolean {
  return [...context.org.store.relationships.values()].some((relationship) => {
    const cascade = relationship.definition['CascadeConfiguration']
    return (
      relationship.referencing === referencing.logicalName &&
      isObject(cascade) &&
      cascade['Assign'] === 'Cascade'
    )
  })
}

function tableOf(context: Context, name: JsonObject[string] | undefined): Table {
  const table = context.org.store.tables.get(String(name))
  if (table === undefined) {
    throw new ServiceError(
      400,
      '0x80041102',
      `The entity with a name = '${String(name)}' was not found in the MetadataCache.`,
    )
  }
  return table
}

function stringOr(value: JsonObject[string] | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}
