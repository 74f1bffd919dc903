import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { DynamicsWebApi } from 'dynamics-web-api'
import { requestToken, startOrganisation, type TestOrganisation } from './client.js'
import { createSubscriptionTables, tableBody, textColumn, relationshipBody } from './tables.js'

/*
 * The published client that others use for Dataverse, against the stand-in. The stand-in must accept everything that
 * the client sends, and the client must be able to read every answer.
 */

let org: TestOrganisation
let api: DynamicsWebApi
let ids: readonly string[]

beforeEach(async () => {
  org = await startOrganisation()
  await org.control('POST', 'seed/contacts', { count: 5, seed: 3 })
  const token = await requestToken(org.url, {})
  api = new DynamicsWebApi({
    serverUrl: org.url,
    dataApi: { version: '9.2' },
    onTokenRefresh: () => Promise.resolve(String(token.json.access_token)),
  })
  const { value } = await api.retrieveMultiple({ collection: 'contacts', select: ['contactid'] })
  ids = value.map((row: { contactid: string }) => row.contactid)
})
afterEach(() => org.close())

const contact = (at: number) => ({ collection: 'contacts', key: ids[at]! })

describe('rows, by dynamics-web-api', () => {
  it('are read one by one, with formatted values and without', async () => {
    const select = ['contactid', 'emailaddress1', 'donotbulkemail', 'statecode']
    const row = await api.retrieve({ ...contact(0), select })
    expect(row).toMatchObject({ contactid: ids[0], statecode: 0 })
    expect(row['@odata.etag']).toMatch(/^W\/"\d+"$/)
    const shown = await api.retrieve({ ...contact(0), select, includeAnnotations: '*' })
    expect(shown.statecode_Formatted).toBe('Active')
  })

  it('are paged, counted and filtered', async () => {
    const wanted = { collection: 'contacts', select: ['contactid'] }
    const first = await api.retrieveMultiple({ ...wanted, maxPageSize: 2, count: true })
    expect(first.value).toHaveLength(2)
    expect(first.oDataCount).toBe(5)
    const second = await api.retrieveMultiple({ ...wanted, maxPageSize: 2 }, first.oDataNextLink)
    expect(second.value).toHaveLength(2)
    expect((await api.retrieveAll({ ...wanted, maxPageSize: 2 })).value).toHaveLength(5)
    expect(await api.count({ collection: 'contacts' })).toBe(5)
    const filter = `contactid eq ${ids[1]}`
    expect((await api.retrieveMultiple({ ...wanted, filter })).value).toMatchObject([
      { contactid: ids[1] },
    ])
  })

  it('are made, changed where the version is as it was, and deleted', async () => {
    const id = await api.create({ collection: 'contacts', data: { lastname: 'New' } })
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const data: Record<string, unknown> = { lastname: 'Other' }
    const made = await api.create({
      collection: 'contacts',
      data,
      returnRepresentation: true,
    })
    expect(made).toMatchObject({ lastname: 'Other' })
    const key = { collection: 'contacts', key: String(made.contactid) }
    const change = { ...key, data: { donotbulkemail: true } }
    expect(await api.update({ ...change, ifmatch: String(made['@odata.etag']) })).toBe(true)
    // Changed meanwhile: it returns `false`.
    expect(await api.update({ ...change, ifmatch: String(made['@odata.etag']) })).toBe(false)
    const after = await api.update({
      ...change,
      returnRepresentation: true,
      select: ['donotbulkemail'],
    })
    expect(after).toMatchObject({ donotbulkemail: true })
    await api.updateSingleProperty({ ...key, fieldValuePair: { donotbulkemail: false } })
    await api.deleteRecord({ ...key, fieldName: 'lastname' })
    const select = ['donotbulkemail', 'lastname']
    expect(await api.retrieve({ ...key, select })).toMatchObject({
      donotbulkemail: false,
      lastname: null,
    })
    await api.deleteRecord(key)
    await expect(api.retrieve({ ...key, select: ['contactid'] })).rejects.toMatchObject({
      status: 404,
    })
  })
})

describe('$batch, by dynamics-web-api', () => {
  it('reads and writes, in a change set and outside of it', async () => {
    api.startBatch()
    void api.retrieve({ ...contact(0), select: ['contactid'] })
    void api.update({ ...contact(1), data: { donotbulkemail: true } })
    void api.create({ collection: 'contacts', data: { lastname: 'Batch' } })
    void api.retrieveMultiple({ collection: 'contacts', select: ['contactid'] })
    const answers = await api.executeBatch()
    expect(answers).toHaveLength(4)
    expect(answers[0]).toMatchObject({ contactid: ids[0] })
    expect(answers[2]).toMatch(/^[0-9a-f-]{36}$/)
    expect(answers[3].value).toHaveLength(6)
  })

  it('goes on after a part that fails, or ends with it', async () => {
    const parts = () => {
      api.startBatch()
      void api.retrieve({
        collection: 'contacts',
        key: '00000000-0000-0000-0000-000000000001',
        select: ['contactid'],
      })
      void api.retrieve({ ...contact(0), select: ['contactid'] })
    }
    parts()
    await expect(api.executeBatch()).rejects.toBeDefined()
    parts()
    const error: unknown = await api
      .executeBatch({ continueOnError: true })
      .catch((thrown: unknown) => thrown)
    expect(error).toMatchObject([{ status: 404 }, { contactid: ids[0] }])
  })

  it('takes a query that is too long for an address', async () => {
    const filter = Array.from({ length: 60 }, () => `contactid eq ${ids[0]}`).join(' or ')
    const { value } = await api.retrieveMultiple({
      collection: 'contacts',
      select: ['contactid'],
      filter,
    })
    expect(value).toHaveLength(1)
  })
})

describe('change tracking, by dynamics-web-api', () => {
  it('ends with a link, by which changes and deletions are read', async () => {
    const wanted = { collection: 'contacts', select: ['donotbulkemail'] }
    const track = { ...wanted, trackChanges: true, maxPageSize: 10 }
    const baseline = await api.retrieveMultiple(track)
    expect(baseline.value).toHaveLength(5)
    expect(baseline.oDataDeltaLink).toMatch(/\$deltatoken=/)
    await api.update({ ...contact(0), data: { donotbulkemail: true } })
    await api.deleteRecord(contact(1))
    const delta = await api.retrieveMultiple(wanted, baseline.oDataDeltaLink)
    expect(delta.value).toMatchObject([
      { contactid: ids[0], donotbulkemail: true },
      { id: ids[1], reason: 'deleted' },
    ])
    expect((await api.retrieveMultiple(wanted, delta.oDataDeltaLink)).value).toEqual([])
  })
})

describe('definitions, by dynamics-web-api', () => {
  beforeEach(() => createSubscriptionTables(org))
  const table = "LogicalName='em_subscriptions'"

  it('of tables are read, made and changed', async () => {
    const { value } = await api.retrieveEntities({
      select: ['LogicalName', 'EntitySetName'],
      filter: "LogicalName eq 'contact'",
    })
    expect(value).toMatchObject([{ LogicalName: 'contact', EntitySetName: 'contacts' }])
    const found = await api.retrieveEntity({
      key: table,
      select: ['MetadataId', 'SchemaName', 'ChangeTrackingEnabled'],
    })
    expect(found).toMatchObject({ SchemaName: 'em_Subscriptions', ChangeTrackingEnabled: true })
    const made = await api.createEntity({ data: tableBody('em_More', []) })
    expect(made).toMatch(/^[0-9a-f-]{36}$/)
    const whole = await api.retrieveEntity({ key: String(made) })
    await api.updateEntity({
      data: {
        ...whole,
        IsAuditEnabled: {
          Value: true,
          CanBeChanged: true,
          ManagedPropertyLogicalName: 'canmodifyauditsettings',
        },
      },
      mergeLabels: true,
    })
  })

  it('of columns are read, by type too, and made', async () => {
    const { value } = await api.retrieveAttributes({
      entityKey: table,
      select: ['LogicalName', 'AttributeType'],
    })
    expect(value.map((it: { LogicalName: string }) => it.LogicalName)).toContain('em_rowkey')
    const text = 'Microsoft.Dynamics.CRM.StringAttributeMetadata'
    const texts = await api.retrieveAttributes({
      entityKey: table,
      castType: text,
      select: ['LogicalName', 'MaxLength'],
    })
    expect(texts.value).toContainEqual(
      expect.objectContaining({ LogicalName: 'em_rowkey', MaxLength: 150 }),
    )
    const one = await api.retrieveAttribute({
      entityKey: table,
      attributeKey: "LogicalName='em_rowkey'",
      castType: text,
      select: ['MaxLength'],
    })
    expect(one).toMatchObject({ MaxLength: 150 })
    expect(
      await api.createAttribute({ entityKey: table, data: textColumn('em_Extra', 20) }),
    ).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('of relationships and keys are read and made', async () => {
    const one = 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata'
    const filter = "SchemaName eq 'em_contact_em_subscriptions'"
    const { value } = await api.retrieveRelationships({
      castType: one,
      filter,
      select: ['SchemaName', 'ReferencedEntity'],
    })
    expect(value).toMatchObject([
      { SchemaName: 'em_contact_em_subscriptions', ReferencedEntity: 'contact' },
    ])
    const found = await api.retrieveRelationship({
      key: "SchemaName='em_contact_em_subscriptions'",
      castType: one,
    })
    expect(found).toMatchObject({ ReferencedEntity: 'contact' })
    const cascade = { Delete: 'RemoveLink', Merge: 'Cascade' }
    const made = await api.createRelationship({
      data: relationshipBody('em_more', 'contact', 'em_Second', cascade),
    })
    expect(made).toMatch(/^[0-9a-f-]{36}$/)
    const keys = await api.retrieveEntity({
      key: table,
      select: ['LogicalName'],
      expand: [{ property: 'Keys', select: ['KeyAttributes', 'EntityKeyIndexStatus'] }],
    })
    expect(keys.Keys).toMatchObject([
      { KeyAttributes: ['em_rowkey'], EntityKeyIndexStatus: 'Active' },
    ])
  })

  it('give alternate keys, by which rows are made and met', async () => {
    const collection = 'em_subscriptioncategorieseses'
    const key = "em_categoryid='12'"
    const row = { collection, key, data: { em_name: 'News' } }
    const made = await api.upsert({ ...row, returnRepresentation: true })
    expect(made).toMatchObject({ em_name: 'News', em_categoryid: '12' })
    // Only if it does not exist, or only if it does.
    expect(await api.upsert({ ...row, ifnonematch: '*' })).toBeNull()
    expect(await api.upsert({ ...row, key: "em_categoryid='13'", ifmatch: '*' })).toBeNull()
    expect(await api.retrieve({ collection, key, select: ['em_name'] })).toMatchObject({
      em_name: 'News',
    })
  })
})

describe('mass writes, by dynamics-web-api', () => {
  it('make and change rows of a table by its key', async () => {
    await createSubscriptionTables(org)
    const collection = 'em_subscriptioncategorieseses'
    const target = (id: string, em_name: string) => ({
      '@odata.type': 'Microsoft.Dynamics.CRM.em_subscriptioncategories',
      '@odata.id': `${collection}(em_categoryid='${id}')`,
      em_name,
    })
    const write = (Targets: readonly object[]) =>
      api.callAction({
        collection,
        actionName: 'Microsoft.Dynamics.CRM.UpsertMultiple',
        action: { Targets },
      })
    await write([target('1', 'News'), target('2', 'Offers')])
    await write([target('1', 'Newsletter')])
    const { value } = await api.retrieveMultiple({
      collection,
      select: ['em_name'],
      orderBy: ['em_name'],
    })
    expect(value).toMatchObject([{ em_name: 'Newsletter' }, { em_name: 'Offers' }])
  })
})

describe('functions and actions, by dynamics-web-api', () => {
  it('are called unbound and bound, with parameters', async () => {
    const me = await api.callFunction({ functionName: 'WhoAmI' })
    expect(me).toMatchObject({ UserId: expect.any(String) })
    const rights = await api.callFunction({
      collection: 'systemusers',
      key: me.UserId,
      functionName: 'Microsoft.Dynamics.CRM.RetrieveUserPrivileges',
    })
    expect(rights.RolePrivileges.length).toBeGreaterThan(0)
    await api.callAction({
      actionName: 'PublishXml',
      action: {
        ParameterXml:
          '<importexportxml><entities><entity>contact</entity></entities></importexportxml>',
      },
    })
  })
})
