import type { Answer, TestOrganisation } from './client.js'

const SOLUTION = { 'MSCRM.SolutionUniqueName': 'emarketeersync' }

/** A label in one language. */
export function label(text: string, languageCode = 1033): unknown {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.Label',
    LocalizedLabels: [
      {
        '@odata.type': 'Microsoft.Dynamics.CRM.LocalizedLabel',
        Label: text,
        LanguageCode: languageCode,
      },
    ],
  }
}

/** A text column's definition. */
export function textColumn(schemaName: string, maxLength: number, primary = false): object {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.StringAttributeMetadata',
    AttributeType: 'String',
    AttributeTypeName: { Value: 'StringType' },
    SchemaName: schemaName,
    MaxLength: maxLength,
    FormatName: { Value: 'Text' },
    DisplayName: label(schemaName),
    ...(primary ? { IsPrimaryName: true } : {}),
  }
}

/** A Yes/No column's definition. */
export function yesNoColumn(schemaName: string, defaultValue: boolean): object {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.BooleanAttributeMetadata',
    AttributeType: 'Boolean',
    AttributeTypeName: { Value: 'BooleanType' },
    SchemaName: schemaName,
    DefaultValue: defaultValue,
    OptionSet: {
      OptionSetType: 'Boolean',
      TrueOption: { Value: 1, Label: label('Yes') },
      FalseOption: { Value: 0, Label: label('No') },
    },
    DisplayName: label(schemaName),
  }
}

/** A table's definition with a primary name column and others. */
export function tableBody(schemaName: string, columns: readonly object[]): object {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.EntityMetadata',
    SchemaName: schemaName,
    DisplayName: label(schemaName),
    DisplayCollectionName: label(schemaName),
    Description: label(schemaName),
    OwnershipType: 'OrganizationOwned',
    IsActivity: false,
    HasActivities: false,
    HasNotes: false,
    ChangeTrackingEnabled: true,
    Attributes: [textColumn('em_Name', 200, true), ...columns],
  }
}

/** A one-to-many relationship's definition. */
export function relationshipBody(
  schemaName: string,
  referenced: string,
  lookup: string,
  cascade: { readonly Delete: string; readonly Merge: string },
): object {
  return {
    '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
    SchemaName: schemaName,
    ReferencedEntity: referenced,
    ReferencedAttribute: `${referenced}id`,
    ReferencingEntity: 'em_subscriptions',
    CascadeConfiguration: {
      Assign: 'NoCascade',
      Reparent: 'NoCascade',
      Share: 'NoCascade',
      Unshare: 'NoCascade',
      ...cascade,
    },
    Lookup: {
      '@odata.type': 'Microsoft.Dynamics.CRM.LookupAttributeMetadata',
      AttributeType: 'Lookup',
      AttributeTypeName: { Value: 'LookupType' },
      SchemaName: lookup,
      DisplayName: label(lookup),
    },
  }
}

/** Creates publisher, solution, the two subscription tables, their relationships and Active keys. */
export async function createSubscriptionTables(org: TestOrganisation): Promise<void> {
  const done = (answer: Answer): Answer => {
    if (answer.status >= 400) {
      throw new Error(answer.text)
    }
    return answer
  }
  const post = async (path: string, body: unknown): Promise<Answer> =>
    done(await org.api('POST', path, body, SOLUTION))
  const publisher = done(
    await org.api('POST', 'publishers', {
      uniquename: 'emarketeer',
      friendlyname: 'eMarketeer',
      customizationprefix: 'em',
      customizationoptionvalueprefix: 72_700,
    }),
  )
  const id = /\(([^)]+)\)/.exec(publisher.headers.get('odata-entityid') ?? '')?.[1]
  done(
    await org.api('POST', 'solutions', {
      uniquename: 'emarketeersync',
      friendlyname: 'eMarketeer Sync',
      version: '1.0.0.0',
      'publisherid@odata.bind': `/publishers(${id})`,
    }),
  )
  await post(
    'EntityDefinitions',
    tableBody('em_SubscriptionCategories', [
      textColumn('em_CategoryId', 100),
      yesNoColumn('em_Archived', false),
    ]),
  )
  await post(
    'EntityDefinitions',
    tableBody('em_Subscriptions', [yesNoColumn('em_Subscribed', true)]),
  )
  await post(
    "EntityDefinitions(LogicalName='em_subscriptions')/Attributes",
    textColumn('em_RowKey', 150),
  )
  const contact = { Delete: 'Cascade', Merge: 'Cascade' }
  await post(
    'RelationshipDefinitions',
    relationshipBody('em_contact_em_subscriptions', 'contact', 'em_Contact', contact),
  )
  const category = { Delete: 'Restrict', Merge: 'NoCascade' }
  await post(
    'RelationshipDefinitions',
    relationshipBody(
      'em_category_em_subscriptions',
      'em_subscriptioncategories',
      'em_Category',
      category,
    ),
  )
  await createKey(org, 'em_subscriptions', 'em_rowkey')
  await createKey(org, 'em_subscriptioncategories', 'em_categoryid')
}

async function createKey(org: TestOrganisation, table: string, column: string): Promise<void> {
  const path = `EntityDefinitions(LogicalName='${table}')/Keys`
  const body = { SchemaName: `${column}_key`, KeyAttributes: [column], DisplayName: label(column) }
  await org.api('POST', path, body, SOLUTION)
  const seen: string[] = []
  while (seen.at(-1) !== 'Active') {
    const answer = await org.api('GET', `${path}?$select=SchemaName,EntityKeyIndexStatus`)
    seen.push(String(answer.json.value[0].EntityKeyIndexStatus))
  }
  if (seen.join() !== 'Pending,InProgress,Active') {
    throw new Error(seen.join())
  }
}
