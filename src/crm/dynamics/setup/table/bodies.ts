import { SUBSCRIPTIONS_TABLE } from '../../names.js'
import type { ColumnDefinition, RelationshipDefinition, TableDefinition } from './definitions.js'

/** Labels in the organisation's base language. A language that is not provisioned is refused (16.2). */

/** A label in the format of Dataverse definitions. */
export interface Label {
  readonly '@odata.type': 'Microsoft.Dynamics.CRM.Label'
  readonly LocalizedLabels: readonly [
    {
      readonly '@odata.type': 'Microsoft.Dynamics.CRM.LocalizedLabel'
      readonly Label: string
      readonly LanguageCode: number
    },
  ]
}

/** Returns a function that creates labels in one language. */
export function labelIn(languageCode: number): (text: string) => Label {
  return (text) => ({
    '@odata.type': 'Microsoft.Dynamics.CRM.Label',
    LocalizedLabels: [
      {
        '@odata.type': 'Microsoft.Dynamics.CRM.LocalizedLabel',
        Label: text,
        LanguageCode: languageCode,
      },
    ],
  })
}

type MakeLabel = (text: string) => Label

const NOT_REQUIRED = {
  Value: 'None',
  CanBeChanged: true,
  ManagedPropertyLogicalName: 'canmodifyrequirementlevelsettings',
}

/** Request body that creates a table with its name column (docs/wire-dataverse.md, 16.2). */
export function tableBody(table: TableDefinition, label: MakeLabel) {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.EntityMetadata',
    SchemaName: table.schemaName,
    DisplayName: label(table.label),
    DisplayCollectionName: label(table.pluralLabel),
    Description: label(table.description),
    OwnershipType: 'OrganizationOwned',
    IsActivity: false,
    HasActivities: false,
    HasNotes: false,
    ChangeTrackingEnabled: table.logicalName === SUBSCRIPTIONS_TABLE,
    Attributes: [
      {
        ...textColumn('em_Name', table.nameMaxLength, label('Name'), label('Name')),
        IsPrimaryName: true,
      },
    ],
  }
}

/** Request body that creates a plain column (9.4). */
export function columnBody(column: ColumnDefinition, label: MakeLabel) {
  switch (column.type) {
    case 'text':
      return textColumn(
        column.schemaName,
        column.maxLength,
        label(column.label),
        label(column.label),
      )
    case 'boolean':
      return {
        '@odata.type': 'Microsoft.Dynamics.CRM.BooleanAttributeMetadata',
        AttributeType: 'Boolean',
        AttributeTypeName: { Value: 'BooleanType' },
        SchemaName: column.schemaName,
        DefaultValue: column.defaultValue,
        OptionSet: {
          OptionSetType: 'Boolean',
          TrueOption: { Value: 1, Label: label('Yes') },
          FalseOption: { Value: 0, Label: label('No') },
        },
        DisplayName: label(column.label),
        Description: label(column.label),
        RequiredLevel: NOT_REQUIRED,
      }
  }
}

function textColumn(schemaName: string, maxLength: number, display: Label, description: Label) {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.StringAttributeMetadata',
    AttributeType: 'String',
    AttributeTypeName: { Value: 'StringType' },
    SchemaName: schemaName,
    MaxLength: maxLength,
    FormatName: { Value: 'Text' },
    RequiredLevel: NOT_REQUIRED,
    DisplayName: display,
    Description: description,
  }
}

/** Request body that creates an alternate key (16.5). */
export function keyBody(table: TableDefinition, label: MakeLabel) {
  return {
    SchemaName: table.key.schemaName,
    KeyAttributes: [table.key.column],
    DisplayName: label(table.key.label),
  }
}

/** Request body that creates a relationship with its lookup column (16.3). */
export function relationshipBody(relationship: RelationshipDefinition, label: MakeLabel) {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
    SchemaName: relationship.schemaName,
    ReferencedEntity: relationship.referenced,
    ReferencedAttribute: relationship.referencedKey,
    ReferencingEntity: SUBSCRIPTIONS_TABLE,
    AssociatedMenuConfiguration: {
      Behavior: 'UseCollectionName',
      Group: 'Details',
      Order: 10000,
      Label: label('Subscriptions'),
    },
    CascadeConfiguration: {
      Assign: 'NoCascade',
      Delete: relationship.onDelete,
      Merge: relationship.merge,
      Reparent: 'NoCascade',
      Share: 'NoCascade',
      Unshare: 'NoCascade',
    },
    Lookup: {
      '@odata.type': 'Microsoft.Dynamics.CRM.LookupAttributeMetadata',
      AttributeType: 'Lookup',
      AttributeTypeName: { Value: 'LookupType' },
      SchemaName: relationship.lookupSchemaName,
      DisplayName: label(relationship.label),
      Description: label(relationship.label),
      RequiredLevel: NOT_REQUIRED,
    },
  }
}
