import { badPayload, ServiceError } from '../errors.js'
import { seedTableForms } from '../customization/table-forms.js'
import type { Context } from '../organisation.js'
import { TABLE_VERBS } from '../privileges.js'
import { makeColumn, serviceColumns } from '../store/build-table.js'
import type { Column, JsonObject, Table } from '../store/schema.js'
import { addMessageFilters } from '../store/seed-organisation.js'
import { checkLabel, isObject, refuseUnknown, requireSchemaName } from './check-definition.js'
import { readColumn } from './create-column.js'

const KNOWN = [
  'SchemaName',
  'LogicalName',
  'DisplayName',
  'DisplayCollectionName',
  'Description',
  'OwnershipType',
  'IsActivity',
  'HasActivities',
  'HasNotes',
  'HasFeedback',
  'ChangeTrackingEnabled',
  'IsAuditEnabled',
  'PrimaryNameAttribute',
  'Attributes',
  'TableType',
  'EntitySetName',
  'IsQuickCreateEnabled',
]

/** The service's own set name: endings of names in `s` cannot be guessed (wire page, sections 0 and 16.2). */
function entitySetName(logicalName: string): string {
  if (logicalName.endsWith('ies')) {
    return `${logicalName}eses`
  }
  return logicalName.endsWith('s') ? `${logicalName}es` : `${logicalName}s`
}

/** Creates a table with its plain columns, stock form and views, message filters and privileges. */
export function createTable(context: Context, body: JsonObject): Table {
  const { org } = context
  refuseUnknown(body, KNOWN, 'EntityMetadata')
  const schemaName = requireSchemaName(body)
  const logicalName = schemaName.toLowerCase()
  if (org.store.tables.has(logicalName)) {
    throw new ServiceError(
      400,
      '0x80044363',
      `An entity with the specified name ${logicalName} already exists.`,
    )
  }
  checkLabel(context, body, 'DisplayName', true)
  checkLabel(context, body, 'DisplayCollectionName', true)
  checkLabel(context, body, 'Description', false)
  const columns = readColumns(context, logicalName, body)
  const primary = (body['Attributes'] as JsonObject[]).find((one) => one['IsPrimaryName'] === true)
  const primaryName = String(primary?.['SchemaName']).toLowerCase()
  const definition = { ...body }
  delete definition['Attributes']
  const audit = body['IsAuditEnabled']
  const table: Table = {
    logicalName,
    schemaName,
    entitySet: entitySetName(logicalName),
    primaryId: `${logicalName}id`,
    primaryName,
    metadataId: crypto.randomUUID(),
    objectTypeCode: 10_000 + org.store.tables.size + 100,
    custom: true,
    visibleFromMs: org.cacheTime(),
    columns,
    keys: new Map(),
    changeTracking: body['ChangeTrackingEnabled'] === true,
    changeTrackingLive: body['ChangeTrackingEnabled'] === true,
    auditEnabled: isObject(audit) && audit['Value'] === true,
    definition,
  }
  org.store.addTable(table)
  addMessageFilters(org, table)
  seedTableForms(org, table)
  if (!org.options.grantNewTables) {
    TABLE_VERBS.forEach((verb) => org.privileges.remove(`prv${verb}${schemaName}`))
  }
  return table
}

function readColumns(context: Context, logicalName: string, body: JsonObject): Map<string, Column> {
  const given = body['Attributes']
  const list = Array.isArray(given) ? given.filter(isObject) : []
  const primaries = list.filter((one) => one['IsPrimaryName'] === true)
  const primaryType = String(primaries[0]?.['@odata.type'])
  if (primaries.length !== 1 || !primaryType.endsWith('StringAttributeMetadata')) {
    throw badPayload(
      'entitymetadata',
      'Microsoft.Crm.CrmException: A table needs exactly one primary name attribute of type String.',
    )
  }
  const columns = new Map<string, Column>()
  for (const [name, spec] of Object.entries(serviceColumns(`${logicalName}id`))) {
    columns.set(name, makeColumn(name, spec, columns.size + 1))
  }
  for (const one of list) {
    const column = readColumn(context, { columns }, one)
    columns.set(column.logicalName, column)
  }
  return columns
}
