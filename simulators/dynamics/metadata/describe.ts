import { edmType } from '../odata/compile-filter.js'
import type {
  AlternateKey,
  Column,
  Json,
  JsonObject,
  Relationship,
  Table,
} from '../store/schema.js'

const managed = (value: boolean, name: string): JsonObject => ({
  Value: value,
  CanBeChanged: true,
  ManagedPropertyLogicalName: name,
})

/** A table in the form of `EntityDefinitions`. */
export function describeTable(table: Table): JsonObject {
  return {
    ...table.definition,
    MetadataId: table.metadataId,
    LogicalName: table.logicalName,
    SchemaName: table.schemaName,
    EntitySetName: table.entitySet,
    LogicalCollectionName: table.entitySet,
    CollectionSchemaName: table.entitySet,
    PrimaryIdAttribute: table.primaryId,
    PrimaryNameAttribute: table.primaryName,
    ObjectTypeCode: table.objectTypeCode,
    IsCustomEntity: table.custom,
    IsManaged: !table.custom,
    IsValidForAdvancedFind: true,
    ChangeTrackingEnabled: table.changeTracking,
    CanChangeTrackingBeEnabled: managed(true, 'canchangetrackingbeenabled'),
    IsAuditEnabled: managed(table.auditEnabled, 'canmodifyauditsettings'),
    CanCreateAttributes: managed(true, 'cancreateattributes'),
    CanCreateForms: managed(true, 'cancreateforms'),
    CanCreateViews: managed(true, 'cancreateviews'),
    IsCustomizable: managed(true, 'iscustomizable'),
  }
}

/** The metadata type of a column, e.g. `BooleanAttributeMetadata`. */
export function attributeTypeName(column: Column): string {
  return `${column.type === 'Uniqueidentifier' ? 'UniqueIdentifier' : column.type}AttributeMetadata`
}

/** A column in the form of `Attributes`; without the cast, without properties of the derived type. */
export function describeColumn(table: Table, column: Column, derived: boolean): JsonObject {
  const common: JsonObject = {
    '@odata.type': `#Microsoft.Dynamics.CRM.${attributeTypeName(column)}`,
    MetadataId: column.metadataId,
    LogicalName: column.logicalName,
    SchemaName: column.schemaName,
    EntityLogicalName: table.logicalName,
    AttributeType: column.type,
    AttributeTypeName: { Value: `${column.type}Type` },
    ColumnNumber: column.columnNumber,
    IsCustomAttribute: column.custom,
    IsPrimaryId: column.logicalName === table.primaryId,
    IsPrimaryName: column.logicalName === table.primaryName,
    IsValidForCreate: column.readOnly !== true,
    IsValidForUpdate: column.readOnly !== true,
    IsValidForRead: column.writeOnly !== true,
    IsAuditEnabled: managed(column.auditEnabled, 'canmodifyauditsettings'),
    IsSecured: column.security !== undefined,
    DisplayName: column.definition['DisplayName'] ?? null,
    Description: column.definition['Description'] ?? null,
    RequiredLevel: column.definition['RequiredLevel'] ?? {
      Value: 'None',
      CanBeChanged: true,
      ManagedPropertyLogicalName: 'canmodifyrequirementlevelsettings',
    },
  }
  return derived ? { ...common, ...derivedProperties(column) } : common
}

function derivedProperties(column: Column): JsonObject {
  switch (column.type) {
    case 'Boolean':
      return { DefaultValue: column.defaultValue ?? false }
    case 'String':
    case 'Memo':
      return { MaxLength: column.maxLength ?? null, FormatName: { Value: 'Text' } }
    case 'Lookup':
      return { Targets: column.target === undefined ? [] : [column.target] }
    case 'Integer':
    case 'BigInt':
    case 'Decimal':
    case 'Picklist':
    case 'State':
    case 'Status':
    case 'DateTime':
    case 'Uniqueidentifier':
    case 'EntityName':
    case 'ManagedProperty':
      return { Format: edmType(column.type) }
  }
}

/** The option set of a Yes/No or choice column, for `$expand=OptionSet`. */
export function optionSetOf(column: Column): Json {
  const given = column.definition['OptionSet']
  if (given !== undefined) {
    return given
  }
  return { OptionSetType: column.type, Options: (column.options ?? []).map((Value) => ({ Value })) }
}

/** A key in the form of `Keys`. */
export function describeKey(table: Table, key: AlternateKey): JsonObject {
  return {
    MetadataId: key.metadataId,
    SchemaName: key.schemaName,
    LogicalName: key.logicalName,
    EntityLogicalName: table.logicalName,
    KeyAttributes: [...key.columns],
    EntityKeyIndexStatus: key.status,
    DisplayName: key.definition['DisplayName'] ?? null,
    IsManaged: false,
  }
}

/** A relationship; the base type has few properties, the one-to-many type all. */
export function describeRelationship(relationship: Relationship, derived: boolean): JsonObject {
  const common: JsonObject = {
    '@odata.type': '#Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
    MetadataId: relationship.metadataId,
    SchemaName: relationship.schemaName,
    RelationshipType: 'OneToManyRelationship',
    IsCustomRelationship: relationship.definition['SchemaName'] !== undefined,
    IsValidForAdvancedFind: true,
    IsManaged: false,
  }
  if (!derived) {
    return common
  }
  return {
    ...common,
    ReferencedEntity: relationship.referenced,
    ReferencedAttribute: `${relationship.referenced}id`,
    ReferencingEntity: relationship.referencing,
    ReferencingAttribute: relationship.referencingColumn,
    ReferencedEntityNavigationPropertyName: relationship.referencedNavigation,
    ReferencingEntityNavigationPropertyName: relationship.referencingNavigation,
    CascadeConfiguration: {
      ...(relationship.definition['CascadeConfiguration'] as JsonObject | undefined),
      Delete: relationship.cascadeDelete,
      Merge: relationship.cascadeMerge,
    },
    AssociatedMenuConfiguration: relationship.definition['AssociatedMenuConfiguration'] ?? null,
  }
}
