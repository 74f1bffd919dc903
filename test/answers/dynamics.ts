import { requestToken } from '../../src/crm/dynamics/auth/token-source.js'
import { dynamicsConfigSchema } from '../../src/crm/dynamics/config.js'
import type { SubscriptionTables } from '../../src/crm/dynamics/facts.js'
import { readDetail, readEntries } from '../../src/crm/dynamics/history/audit.js'
import { CategoryMap } from '../../src/crm/dynamics/reading/category-map.js'
import { readChanges } from '../../src/crm/dynamics/reading/changes.js'
import { directRead, readRows } from '../../src/crm/dynamics/reading/direct-read.js'
import { allRows } from '../../src/crm/dynamics/reading/pages.js'
import { categoryKey, rowKey } from '../../src/crm/dynamics/wire/row-key.js'
import { contactMainForms, readLayers } from '../../src/crm/dynamics/setup/form/rows.js'
import { findRelationship } from '../../src/crm/dynamics/setup/steps/relationships.js'
import { findTable } from '../../src/crm/dynamics/setup/table/find-table.js'
import { readColumns } from '../../src/crm/dynamics/setup/table/read-columns.js'
import { webhookEndpoints } from '../../src/crm/dynamics/webhooks/install.js'
import { readRemoteEvent } from '../../src/crm/dynamics/webhooks/receive.js'
import { stepsOf } from '../../src/crm/dynamics/webhooks/registered-steps.js'
import { whoAmI } from '../../src/crm/dynamics/who-am-i.js'
import { createHttp, type UnreadableRecord } from '../../src/http/index.js'
import { body, type Case, listed, orRefused, rows } from './case.js'
import type { Stage } from './stage.js'

const guid = (n: number) => `0000000${n}-1111-2222-3333-444444444444`
const AT = '2026-11-21T09:14:07Z'
const ETAG = { '@odata.etag': 'W/"4711"' }

const CONTACT = {
  ...ETAG,
  contactid: guid(2),
  emailaddress1: 'anna@example.test',
  emailaddress2: 'a@old.example',
  emailaddress3: 'a@older.example',
  donotbulkemail: true,
  statecode: 0,
  merged: false,
  _masterid_value: guid(9),
  createdon: AT,
}

const table = { metadataId: guid(8), objectTypeCode: 10_001 }
const TABLES: SubscriptionTables = {
  subscriptions: { ...table, setName: 'em_subscriptionses', primaryId: 'em_subscriptionsid' },
  categories: { ...table, setName: 'em_categories', primaryId: 'em_catid' },
}
const CATEGORY = { em_categoryid: categoryKey('c1'), em_name: 'News', em_archived: false }
const SUBSCRIPTION = {
  ...ETAG,
  em_subscriptionsid: guid(2),
  em_subscribed: false,
  _em_contact_value: guid(5),
  _em_category_value: guid(7),
  em_rowkey: rowKey(guid(5), 'c1'),
  statecode: 0,
}

const ADDRESSES = ['emailaddress1', 'emailaddress2', 'emailaddress3'] as const

/** One after the other, because the stage returns one answer at a time. */
async function inTurn<T>(
  rows: readonly unknown[],
  read: (row: unknown, at: number) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const all: T[] = []
  for (const [at, row] of rows.entries()) {
    all.push(...(await read(row, at)))
  }
  return all
}

/** The odd word that `mutations` uses. */
const ODD_WORD = 'an unknown word'

function isObject(row: unknown): row is Readonly<Record<string, unknown>> {
  return typeof row === 'object' && row !== null
}

const emailOf = (row: unknown) => (row as typeof CONTACT).emailaddress1
const neighbour = (n: number) => ({
  ...CONTACT,
  contactid: guid(n),
  emailaddress1: `n${n}@example.test`,
})
/** A row of a separate contact. */
const rowOf = (n: number) => ({
  ...SUBSCRIPTION,
  em_subscriptionsid: guid(n),
  _em_contact_value: guid(n),
  em_rowkey: rowKey(guid(n), 'c1'),
})
const categoryOf = (n: number) => ({
  ...ETAG,
  em_catid: guid(n),
  ...CATEGORY,
  em_categoryid: categoryKey(`c${n + 10}`),
})

const STEP = {
  sdkmessageprocessingstepid: guid(2),
  name: 'eMarketeer: contact changed',
  filteringattributes: 'donotbulkemail',
  mode: 1,
  stage: 40,
  statecode: 0,
}
const COLUMN = { MetadataId: guid(2), LogicalName: 'em_name', AttributeType: 'String' }
const FORM = {
  formid: guid(2),
  name: 'Contact',
  isdefault: true,
  ismanaged: false,
  iscustomizable: { Value: true, CanBeChanged: true },
  formactivationstate: 1,
}
const ENTRY = { key: 'donotbulkemail', value: true }
const EVENT = {
  OrganizationId: guid(1),
  PrimaryEntityId: guid(2),
  PrimaryEntityName: 'contact',
  InitiatingUserId: guid(3),
  OperationId: guid(4),
  InputParameters: [
    { key: 'Target', value: { LogicalName: 'contact', Attributes: [ENTRY] } },
    { key: 'ConcurrencyBehavior', value: 0 },
  ],
  PostEntityImages: [],
}

const part = (given: unknown) => ({
  status: 200,
  headers: {},
  body: Buffer.from(JSON.stringify(given) ?? ''),
  contentId: null,
})

const source = ({ dynamics }: Stage, tables: SubscriptionTables | null) => ({
  client: dynamics,
  tables,
  categories: tables && new CategoryMap(dynamics, tables.categories),
})

const row = (name: string, id: string) => [{ [id]: `${name}1` }, { [id]: `${name}3` }] as const
const guids = (id: string) => [{ [id]: guid(1) }, { [id]: guid(3) }] as const

export const DYNAMICS: readonly Case[] = [
  {
    answer: 'dynamics.token',
    example: { token_type: 'Bearer', expires_in: 3_599, ext_expires_in: 3_599, access_token: 't' },
    needs: ['access_token'],
    body: async ({ url, say, context }, given) => {
      say(() => given)
      const http = createHttp({ system: 'dynamics', baseUrl: url })
      const config = { environmentUrl: url, authorityHost: url, tenantId: guid(1), clientId: 'c' }
      try {
        const secret = { ...config, clientSecret: 's' }
        return await requestToken(http, dynamicsConfigSchema.parse(secret), context)
      } finally {
        http.close()
      }
    },
  },
  {
    answer: 'dynamics.whoAmI',
    example: { BusinessUnitId: guid(1), UserId: guid(2), OrganizationId: guid(3) },
    needs: ['UserId', 'OrganizationId'],
    body: ({ say, dynamics, context }, given) => {
      say(() => given)
      return whoAmI(dynamics, context)
    },
  },
  {
    answer: 'dynamics.contact',
    example: CONTACT,
    others: [
      { ...CONTACT, contactid: guid(1) },
      { ...CONTACT, contactid: guid(3) },
    ],
    needs: [
      '@odata.etag',
      'contactid',
      'emailaddress1',
      'emailaddress2',
      'emailaddress3',
      'donotbulkemail',
      'statecode',
    ],
    records: async (stage, value) => {
      stage.say(() => ({ value }))
      const contactIds = value.length === 3 ? [guid(1), guid(2), guid(3)] : [guid(1), guid(3)]
      const asked = { by: 'contactId', contactIds } as const
      const reading = await directRead(source(stage, null), asked, stage.context)
      if (reading.contacts.length !== value.length || reading.missingContactIds.length > 0) {
        throw new Error('who cannot be read is taken for gone')
      }
      return reading.contacts.filter(({ consents }) => consents.marketingSendouts?.value)
    },
    never: (read) => JSON.stringify(read).includes('"value":"allow"'),
    // The platform's default (rule B8).
    meansOther: ['donotbulkemail (null)'],
  },
  {
    answer: 'dynamics.subscription',
    example: SUBSCRIPTION,
    others: [
      { ...SUBSCRIPTION, em_subscriptionsid: guid(1) },
      { ...SUBSCRIPTION, em_subscriptionsid: guid(3) },
    ],
    needs: [
      '@odata.etag',
      'em_subscriptionsid',
      'em_subscribed',
      '_em_contact_value',
      '_em_category_value',
      'em_rowkey',
      'statecode',
    ],
    toldAs: { em_subscriptionsid: 'rowId' },
    unknownNulls: ['em_subscribed', '_em_contact_value', '_em_category_value'],
    records: async (stage, value) => {
      const categories = [{ em_catid: guid(7), ...CATEGORY }]
      stage.say((path) => ({ value: path.endsWith('$batch') ? value : categories }))
      const ids = value.length === 3 ? [guid(1), guid(2), guid(3)] : [guid(1), guid(3)]
      const read = await readRows(source(stage, TABLES), ids, stage.context)
      if (read.length !== value.length) {
        throw new Error('a row that cannot be read is taken for gone')
      }
      return read.filter(({ subscribed }) => subscribed !== null)
    },
    never: (read) => JSON.stringify(read).includes('"subscribed":true'),
  },
  {
    // By address: an unidentified record does not count as absent.
    answer: 'dynamics.contact',
    example: CONTACT,
    others: [neighbour(1), neighbour(3)],
    needs: ['@odata.etag', 'contactid', ...ADDRESSES, 'donotbulkemail', 'statecode'],
    records: async (stage, value) => {
      return inTurn(value, async (row, at) => {
        const email = value.length === 3 && at === 1 ? CONTACT.emailaddress1 : emailOf(row)
        stage.say(() => ({ value: [row] }))
        const asked = { by: 'email', emails: [email] } as const
        const { contacts, unknownEmails } = await directRead(
          source(stage, null),
          asked,
          stage.context,
        )
        const isThere = contacts.some((one) => [one.email, ...one.denyOnlyEmails].includes(email))
        // Reported at another address, or at none: a correct answer with another meaning.
        const isElsewhere = isObject(row) && [null, ODD_WORD].includes(row['emailaddress1'] as null)
        if (!isThere && !isElsewhere && !unknownEmails?.includes(email)) {
          throw new Error('who cannot be read is taken for nobody')
        }
        return contacts.filter(({ consents }) => consents.marketingSendouts?.value)
      })
    },
    never: (read) => JSON.stringify(read).includes('"value":"allow"'),
    meansOther: ['donotbulkemail (null)'],
  },
  {
    // A delta, which proves everybody that it does not contain, but not if a row's owner is unknown, which it reports.
    answer: 'dynamics.contact',
    example: CONTACT,
    others: [neighbour(1), neighbour(3)],
    needs: ['@odata.etag', 'contactid', ...ADDRESSES, 'donotbulkemail', 'statecode'],
    records: async (stage, value) => {
      const cursor = JSON.stringify({
        contacts: `${stage.url}/api/data/v9.2/contacts?$deltatoken=1`,
        subscriptions: null,
      })
      stage.say(() => ({ value }))
      const read = []
      let unattributed = false
      for await (const page of readChanges(source(stage, null), cursor, stage.context)) {
        read.push(...page.contacts)
        unattributed ||= page.unattributed === true
      }
      if (unattributed !== read.length < value.length) {
        throw new Error("a delta says that a row is nobody's where one is, and nowhere else")
      }
      return read.filter(({ consents }) => consents.marketingSendouts?.value)
    },
    never: (read) => JSON.stringify(read).includes('"value":"allow"'),
    meansOther: ['donotbulkemail (null)'],
  },
  {
    // By contact: an unidentified row does not count as missing, because otherwise another one would be written.
    answer: 'dynamics.subscription',
    example: SUBSCRIPTION,
    others: [rowOf(1), rowOf(3)],
    needs: [
      '@odata.etag',
      'em_subscriptionsid',
      'em_subscribed',
      '_em_contact_value',
      '_em_category_value',
      'em_rowkey',
      'statecode',
    ],
    toldAs: { em_subscriptionsid: 'rowId' },
    unknownNulls: ['em_subscribed', '_em_contact_value', '_em_category_value'],
    records: async (stage, value) => {
      return inTurn(value, async (row, at) => {
        const told = (row as typeof SUBSCRIPTION | null)?._em_contact_value ?? ''
        const contactid = value.length === 3 && at === 1 ? guid(5) : told
        const categories = [{ em_catid: guid(7), ...CATEGORY }]
        const answers = [{ value: [{ ...CONTACT, contactid }] }, { value: [row] }]
        stage.say((path) => (path.endsWith('$batch') ? answers : { value: categories }))
        const asked = { by: 'contactId', contactIds: [contactid] } as const
        const { subscriptions } = await directRead(source(stage, TABLES), asked, stage.context)
        if (subscriptions.length === 0) {
          throw new Error('a row that cannot be read is taken for a missing one')
        }
        return subscriptions.filter(({ subscribed }) => subscribed !== null)
      })
    },
    never: (read) => JSON.stringify(read).includes('"subscribed":true'),
  },
  {
    // Rows of an unknown category may belong to any.
    answer: 'dynamics.category',
    example: { ...ETAG, em_catid: guid(7), ...CATEGORY },
    others: [categoryOf(1), categoryOf(3)],
    needs: ['em_catid', 'em_categoryid'],
    toldAs: { em_catid: 'rowId' },
    records: async (stage, value) => {
      const rows = [rowOf(1), SUBSCRIPTION, rowOf(3)]
        .map((row, at) => ({ ...row, _em_category_value: at === 1 ? guid(7) : guid(at + 1) }))
        .filter((_, at) => value.length === 3 || at !== 1)
      stage.say((path) => ({ value: path.endsWith('$batch') ? rows : value }))
      const ids = rows.map((row) => row.em_subscriptionsid)
      // The row is reported too, in this walk only by its category.
      const onUnreadable = (told: UnreadableRecord) =>
        told.operation.endsWith(TABLES.categories.setName) || told.path !== '_em_category_value'
          ? stage.context.onUnreadable?.(told)
          : told.id === guid(2) && value.length === 3
            ? undefined
            : stage.context.onUnreadable?.(told)
      const read = await readRows(source(stage, TABLES), ids, { ...stage.context, onUnreadable })
      if (read.some(({ categoryId }) => categoryId === null)) {
        throw new Error('a row of a category that cannot be told is taken for a colleague’s')
      }
      return read.filter(({ subscribed }) => subscribed !== null)
    },
    // A colleague's category has none; the row shows that it is not one of ours.
    unknownNulls: ['em_categoryid'],
    never: (read) => JSON.stringify(read).includes('"subscribed":true'),
  },
  {
    answer: 'dynamics.row',
    example: { em_name: 'News', em_archived: false },
    others: [{ em_name: '1' }, { em_name: '3' }],
    needs: [],
    records: ({ say, dynamics, context }, value) => {
      say(() => ({ value }))
      return allRows(dynamics, { setName: 'em_categories', select: [], name: 'test' }, context)
    },
  },
  {
    answer: 'dynamics.rowPage',
    example: { value: [], '@odata.nextLink': null, '@odata.deltaLink': null },
    needs: ['value', '@odata.nextLink', '@odata.deltaLink'],
    body: ({ say, dynamics, context }, given) => {
      say(() => given)
      return allRows(dynamics, { setName: 'em_categories', select: [], name: 'test' }, context)
    },
  },
  {
    answer: 'dynamics.deltaPage',
    example: { value: [], '@odata.nextLink': null, '@odata.deltaLink': null },
    needs: ['value', '@odata.nextLink', '@odata.deltaLink'],
    body: async (stage, given) => {
      stage.say(() => given)
      const contacts = `${stage.url}/api/data/v9.2/contacts?$deltatoken=1`
      const cursor = JSON.stringify({ contacts, subscriptions: null })
      const pages: unknown[] = []
      for await (const page of readChanges(source(stage, null), cursor, stage.context)) {
        pages.push(page)
      }
      return pages
    },
  },
  rows(
    'dynamics.securedColumn',
    { LogicalName: 'emailaddress1', MetadataId: guid(2), IsSecured: true },
    row('emailaddress', 'LogicalName'),
    ['LogicalName'],
  ),
  body('dynamics.columnRights', { AttributePrivileges: [] }, ['AttributePrivileges']),
  listed(
    'dynamics.columnRight',
    { AttributeId: guid(2), CanRead: 4, CanCreate: 0, CanUpdate: 4 },
    guids('AttributeId'),
    ['AttributeId'],
  ),
  rows('dynamics.auditedOrganization', { isauditenabled: true }, [{}, {}], []),
  body('dynamics.auditable', { IsAuditEnabled: { Value: true, CanBeChanged: true } }, []),
  {
    answer: 'dynamics.audit',
    example: { value: [{ auditid: guid(2), createdon: AT, _userid_value: guid(5), operation: 2 }] },
    others: [{ value: [] }, { value: [] }],
    needs: ['value.0.auditid', 'value.0.createdon'],
    records: ({ context }, given) =>
      Promise.resolve(
        given.flatMap((one) => {
          const entries = readEntries(part(one), context)
          return entries === null ? [] : [entries]
        }),
      ),
  },
  {
    answer: 'dynamics.auditDetail',
    example: {
      AuditDetail: {
        '@odata.type': '#Microsoft.Dynamics.CRM.AttributeAuditDetail',
        InvalidNewValueAttributes: [],
        OldValue: { '@odata.type': '#Microsoft.Dynamics.CRM.contact', donotbulkemail: false },
        NewValue: { '@odata.type': '#Microsoft.Dynamics.CRM.contact', donotbulkemail: true },
      },
    },
    others: [
      { AuditDetail: { '@odata.type': '#Microsoft.Dynamics.CRM.RolePrivilegeAuditDetail' } },
      { AuditDetail: { '@odata.type': '#Microsoft.Dynamics.CRM.ShareAuditDetail' } },
    ],
    needs: [
      'AuditDetail.@odata.type',
      'AuditDetail.OldValue.donotbulkemail',
      'AuditDetail.NewValue.donotbulkemail',
    ],
    unknownNulls: ['AuditDetail.NewValue', 'AuditDetail.NewValue.donotbulkemail'],
    records: ({ context }, given) =>
      Promise.resolve(given.flatMap((one) => readDetail(part(one), context) ?? [])),
    never: (read) => read === false,
  },
  rows(
    'dynamics.stepImage',
    { sdkmessageprocessingstepimageid: guid(2) },
    guids('sdkmessageprocessingstepimageid'),
    ['sdkmessageprocessingstepimageid'],
  ),
  rows(
    'dynamics.messageFilter',
    {
      sdkmessagefilterid: guid(2),
      primaryobjecttypecode: 'contact',
      sdkmessageid: { sdkmessageid: guid(5), name: 'Update' },
    },
    guids('sdkmessagefilterid'),
    ['sdkmessagefilterid', 'sdkmessageid.sdkmessageid'],
  ),
  {
    ...rows(
      'dynamics.endpoint',
      { serviceendpointid: guid(2), name: 'Theirs', url: 'https://x', authtype: 5 },
      guids('serviceendpointid'),
      ['serviceendpointid'],
    ),
    records: ({ say, dynamics, context }, value) => {
      say(() => ({ value }))
      return webhookEndpoints(dynamics, context)
    },
  },
  {
    ...rows('dynamics.step', STEP, guids('sdkmessageprocessingstepid'), [
      'sdkmessageprocessingstepid',
    ]),
    records: ({ say, dynamics, context }, value) => {
      say(() => ({ value }))
      return stepsOf(dynamics, guid(9), context)
    },
  },
  {
    answer: 'dynamics.event',
    example: EVENT,
    needs: ['OrganizationId', 'PrimaryEntityId', 'PrimaryEntityName'],
    body: async (_stage, given) =>
      orRefused(readRemoteEvent(Buffer.from(JSON.stringify(given) ?? ''))),
  },
  {
    answer: 'dynamics.eventEntry',
    example: ENTRY,
    others: [
      { key: 'firstname', value: 'Anna' },
      { key: 'lastname', value: 'Berg' },
    ],
    needs: ['key'],
    quiet: true,
    records: async (_stage, given) => {
      const Target = { key: 'Target', value: { Attributes: given } }
      const event = { ...EVENT, InputParameters: [null, { key: 7 }, Target] }
      const read = orRefused(readRemoteEvent(Buffer.from(JSON.stringify(event))))
      return [...read.target]
    },
  },
  body('dynamics.columns', { value: [] }, ['value']),
  {
    ...rows('dynamics.column', COLUMN, row('em_name', 'LogicalName'), [
      'MetadataId',
      'LogicalName',
    ]),
    records: async ({ say, dynamics, context }, value) => {
      say((path) => ({ value: path.includes('StringAttribute') ? [] : value }))
      return [...(await readColumns(dynamics, 'em_categories', context))]
    },
  },
  rows(
    'dynamics.columnLength',
    { LogicalName: 'em_name', MaxLength: 100 },
    row('em_name', 'LogicalName'),
    ['LogicalName'],
  ),
  rows(
    'dynamics.view',
    {
      savedqueryid: guid(2),
      name: 'Subscriptions',
      returnedtypecode: 'em_subscriptions',
      querytype: 0,
      statecode: 0,
      iscustomizable: { Value: true, CanBeChanged: true },
      fetchxml: '<fetch/>',
    },
    guids('savedqueryid'),
    ['savedqueryid'],
  ),
  {
    ...rows('dynamics.form', FORM, guids('formid'), ['formid']),
    records: ({ say, dynamics, context }, value) => {
      say(() => ({ value }))
      return contactMainForms(dynamics, context)
    },
  },
  {
    answer: 'dynamics.formLayer',
    example: { ...ETAG, formid: guid(2), name: 'Contact', formxml: '<form/>' },
    needs: [],
    body: ({ say, dynamics, context }, given) => {
      say(() => given)
      return readLayers(dynamics, guid(2), context)
    },
  },
  {
    answer: 'dynamics.table',
    example: {
      MetadataId: guid(2),
      EntitySetName: 'em_categories',
      PrimaryIdAttribute: 'em_categoryid',
      PrimaryNameAttribute: 'em_name',
      ObjectTypeCode: 10_001,
    },
    needs: ['MetadataId', 'EntitySetName', 'PrimaryIdAttribute'],
    body: ({ say, dynamics, context }, given) => {
      say(() => given)
      return findTable(dynamics, { logicalName: 'em_category' }, context)
    },
  },
  {
    answer: 'dynamics.relationship',
    example: {
      MetadataId: guid(2),
      ReferencedEntity: 'contact',
      ReferencingAttribute: 'em_contact',
      ReferencingEntityNavigationPropertyName: 'em_Contact',
    },
    needs: ['MetadataId', 'ReferencedEntity', 'ReferencingEntityNavigationPropertyName'],
    body: ({ say, dynamics, context }, given) => {
      say(() => given)
      const wanted = { schemaName: 'em_contact_em_subscriptions' }
      return findRelationship(dynamics, wanted as Parameters<typeof findRelationship>[1], context)
    },
  },
  body('dynamics.privileges', { RolePrivileges: [] }, ['RolePrivileges']),
  listed(
    'dynamics.privilege',
    { Depth: 'Global', PrivilegeId: guid(2), BusinessUnitId: guid(5), PrivilegeName: 'prvRead' },
    guids('PrivilegeId'),
    ['Depth'],
  ),
  body('dynamics.keys', { value: [] }, ['value']),
  listed(
    'dynamics.key',
    {
      MetadataId: guid(2),
      SchemaName: 'em_categoryid_key',
      KeyAttributes: ['em_categoryid'],
      EntityKeyIndexStatus: 'Active',
    },
    guids('MetadataId'),
    ['MetadataId', 'SchemaName', 'KeyAttributes.0'],
  ),
  body('dynamics.contactTable', { MetadataId: guid(2) }, ['MetadataId']),
  rows(
    'dynamics.dependent',
    { dependentcomponenttype: 26, dependentcomponentobjectid: guid(2), dependencytype: 2 },
    guids('dependentcomponentobjectid'),
    ['dependentcomponenttype', 'dependentcomponentobjectid'],
  ),
  body('dynamics.named', { name: 'Their view' }, []),
  body('dynamics.presentColumn', { LogicalName: 'em_name' }, []),
  rows(
    'dynamics.organization',
    { name: 'acme', languagecode: 1033, isauditenabled: true, expirechangetrackingindays: 7 },
    [{}, {}],
    ['languagecode'],
  ),
  body('dynamics.languages', { LocaleIds: [1033, 1053] }, ['LocaleIds']),
  body('dynamics.journeysTable', { LogicalName: 'msdynmkt_contactpointconsent4' }, []),
  body(
    'dynamics.tracking',
    {
      EntitySetName: 'contacts',
      PrimaryIdAttribute: 'contactid',
      ChangeTrackingEnabled: true,
      CanChangeTrackingBeEnabled: { Value: true, CanBeChanged: true },
    },
    ['EntitySetName', 'PrimaryIdAttribute', 'ChangeTrackingEnabled'],
  ),
  body('dynamics.definition', { LogicalName: 'contact', ChangeTrackingEnabled: false }, []),
]
