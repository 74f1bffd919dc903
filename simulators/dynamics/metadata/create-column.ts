import { badPayload, ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import { makeColumn, type ColumnSpec } from '../store/build-table.js'
import type { Column, ColumnType, Json, JsonObject, Table } from '../store/schema.js'
import { checkLabel, isObject, refuseUnknown, requireSchemaName } from './check-definition.js'

const COMMON = [
  'AttributeType',
  'AttributeTypeName',
  'SchemaName',
  'LogicalName',
  'DisplayName',
  'Description',
  'RequiredLevel',
  'IsPrimaryName',
  'IsAuditEnabled',
  'IsValidForAdvancedFind',
  'HasChanged',
]
const BY_TYPE: Readonly<Record<string, { type: ColumnType; properties: readonly string[] }>> = {
  StringAttributeMetadata: {
    type: 'String',
    properties: ['MaxLength', 'FormatName', 'Format', 'ImeMode'],
  },
  MemoAttributeMetadata: { type: 'Memo', properties: ['MaxLength', 'Format', 'ImeMode'] },
  BooleanAttributeMetadata: { type: 'Boolean', properties: ['DefaultValue', 'OptionSet'] },
  IntegerAttributeMetadata: { type: 'Integer', properties: ['MinValue', 'MaxValue', 'Format'] },
  DecimalAttributeMetadata: {
    type: 'Decimal',
    properties: ['MinValue', 'MaxValue', 'Precision'],
  },
  DateTimeAttributeMetadata: {
    type: 'DateTime',
    properties: ['Format', 'DateTimeBehavior', 'ImeMode'],
  },
}

/** Checks a posted column and creates it, without adding it to the table (wire page, section 9.4). */
export function readColumn(
  context: Context,
  table: Pick<Table, 'columns'>,
  body: JsonObject,
): Column {
  const typeName = String(body['@odata.type'] ?? '').replace(/^#?Microsoft\.Dynamics\.CRM\./, '')
  if (typeName === 'LookupAttributeMetadata') {
    throw new ServiceError(
      400,
      '0x80048d19',
      'A lookup attribute cannot be created here: create the relationship instead.',
    )
  }
  const kind = BY_TYPE[typeName]
  if (kind === undefined) {
    throw badPayload(
      'attributemetadata',
      `Microsoft.OData.ODataException: The type '${typeName}' is unknown or abstract.`,
    )
  }
  refuseUnknown(body, [...COMMON, ...kind.properties], typeName)
  const schemaName = requireSchemaName(body)
  const logicalName = schemaName.toLowerCase()
  if (table.columns.has(logicalName)) {
    throw new ServiceError(
      400,
      '0x80047013',
      `An attribute with the specified name ${logicalName} already exists`,
    )
  }
  checkLabel(context, body, 'DisplayName', true)
  checkLabel(context, body, 'Description', false)
  return makeColumn(
    logicalName,
    specOf(kind.type, body, schemaName, context),
    table.columns.size + 1,
  )
}

function specOf(
  type: ColumnType,
  body: JsonObject,
  schemaName: string,
  context: Context,
): ColumnSpec {
  const extra: { defaultValue?: Json; maxLength?: number } = {}
  if (type === 'Boolean') {
    checkOptions(body)
    extra.defaultValue = body['DefaultValue'] === true
  }
  if (type === 'String' || type === 'Memo') {
    const maxLength = body['MaxLength']
    if (typeof maxLength !== 'number' || maxLength < 1 || (type === 'String' && maxLength > 4000)) {
      throw new ServiceError(
        400,
        '0x80040203',
        `MaxLength ${String(maxLength)} is outside the valid range.`,
      )
    }
    extra.maxLength = maxLength
  }
  const audit = body['IsAuditEnabled']
  return {
    type,
    schemaName,
    custom: true,
    visibleFromMs: context.org.cacheTime(),
    auditEnabled: isObject(audit) ? audit['Value'] === true : true,
    definition: body,
    ...extra,
  }
}

function checkOptions(body: JsonObject): void {
  const set = body['OptionSet']
  const value = (name: string): Json | undefined => {
    const option = isObject(set) ? set[name] : undefined
    return isObject(option) ? option['Value'] : undefined
  }
  if (value('TrueOption') !== 1 || value('FalseOption') !== 0) {
    throw new ServiceError(
      400,
      '0x80048403',
      'A Yes/No column needs an option set with TrueOption 1 and FalseOption 0.',
    )
  }
}
