import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startOrganisation, type TestOrganisation } from './client.js'
import {
  createSubscriptionTables,
  label,
  relationshipBody,
  tableBody,
  textColumn,
  yesNoColumn,
} from './tables.js'

const SET = 'em_subscriptionses'
const CATEGORIES = 'em_subscriptioncategorieseses'

describe('subscription tables of the Dataverse stand-in', () => {
  let org: TestOrganisation
  let ids: string[] = []

  beforeAll(async () => {
    org = await startOrganisation()
    await org.control('POST', 'seed/contacts', { count: 6, seed: 4 })
    const answer = await org.api('GET', 'contacts?$select=contactid')
    ids = answer.json.value.map((row: { contactid: string }) => row.contactid)
    await createSubscriptionTables(org)
    const category = { em_name: 'Newsletters', em_archived: false }
    await org.api('PATCH', `${CATEGORIES}(em_categoryid='12')`, category)
  })
  afterAll(() => org.close())

  const code = async (method: string, path: string, body?: unknown): Promise<string> => {
    const answer = await org.api(method, path, body)
    return `${answer.status} ${answer.json.error?.code ?? ''}`.trim()
  }
  const target = (contact: string | undefined, subscribed: boolean, more: object = {}): object => ({
    '@odata.type': 'Microsoft.Dynamics.CRM.em_subscriptions',
    '@odata.id': `${SET}(em_rowkey='${contact}_12')`,
    em_name: 'Newsletters',
    em_subscribed: subscribed,
    'em_Contact@odata.bind': `/contacts(${contact})`,
    'em_Category@odata.bind': `/${CATEGORIES}(em_categoryid='12')`,
    ...more,
  })
  const upsert = (...targets: readonly object[]): Promise<string> =>
    code('POST', `${SET}/Microsoft.Dynamics.CRM.UpsertMultiple`, { Targets: targets })
  const rowsOf = async (contact: string | undefined): Promise<unknown[]> =>
    (await org.api('GET', `contacts(${contact})/em_contact_em_subscriptions?$select=em_rowkey`))
      .json.value

  it('names sets as the service does and describes what was made', async () => {
    const path = "EntityDefinitions(LogicalName='em_subscriptions')"
    const { json } = await org.api(
      'GET',
      `${path}?$select=EntitySetName,ObjectTypeCode,PrimaryIdAttribute,ChangeTrackingEnabled`,
    )
    expect(json).toMatchObject({
      EntitySetName: SET,
      PrimaryIdAttribute: 'em_subscriptionsid',
      ChangeTrackingEnabled: true,
    })
    const cast = 'Microsoft.Dynamics.CRM.BooleanAttributeMetadata'
    const column = `${path}/Attributes(LogicalName='em_subscribed')/${cast}?$select=LogicalName,DefaultValue&$expand=OptionSet`
    expect((await org.api('GET', column)).json).toMatchObject({
      DefaultValue: true,
      OptionSet: { TrueOption: { Value: 1 } },
    })
    const relationship =
      "RelationshipDefinitions(SchemaName='em_contact_em_subscriptions')/Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata"
    expect((await org.api('GET', relationship)).json).toMatchObject({
      ReferencingEntityNavigationPropertyName: 'em_Contact',
      ReferencingAttribute: 'em_contact',
    })
    expect(await code('GET', "EntityDefinitions(LogicalName='em_nothing')")).toBe('404 0x80040217')
    const absent = await org.api('GET', "RelationshipDefinitions?$filter=SchemaName eq 'em_x'")
    expect(absent.json.value).toEqual([])
    const tables = await org.api(
      'GET',
      "EntityDefinitions?$select=LogicalName&$filter=LogicalName eq 'em_subscriptions'&$expand=Attributes($select=LogicalName)",
    )
    expect(tables.json.value).toHaveLength(1)
  })

  it('refuses definitions it has or cannot take', async () => {
    const attributes = "EntityDefinitions(LogicalName='em_subscriptions')/Attributes"
    expect(await code('POST', attributes, yesNoColumn('em_Subscribed', true))).toBe(
      '400 0x80047013',
    )
    const lookup = {
      ...textColumn('em_Other', 10),
      '@odata.type': 'Microsoft.Dynamics.CRM.LookupAttributeMetadata',
    }
    expect(await code('POST', attributes, lookup)).toBe('400 0x80048d19')
    expect(
      await code('POST', attributes, {
        ...textColumn('em_Other', 10),
        DisplayName: label('x', 1031),
      }),
    ).toBe('400 0x80044172')
    expect(await code('POST', 'EntityDefinitions', tableBody('em_Subscriptions', []))).toMatch(
      /^400/,
    )
    expect(await code('POST', 'EntityDefinitions', { ...tableBody('em_More', []), Foo: 1 })).toBe(
      '400 0x80048d19',
    )
    const wrong = { Delete: 'Cascade', Merge: 'NoCascade' }
    expect(
      await code(
        'POST',
        'RelationshipDefinitions',
        relationshipBody('em_x_y', 'contact', 'em_X', wrong),
      ),
    ).toMatch(/^400/)
    expect(await code('PATCH', "EntityDefinitions(LogicalName='contact')", {})).toBe(
      '405 0x80060888',
    )
    const solution = { 'MSCRM.SolutionUniqueName': 'nobody' }
    expect((await org.api('POST', attributes, textColumn('em_Other', 10), solution)).status).toBe(
      404,
    )
    const key = { SchemaName: 'em_k', KeyAttributes: ['em_subscribed'], DisplayName: label('k') }
    expect(
      await code('POST', "EntityDefinitions(LogicalName='em_subscriptions')/Keys", key),
    ).toMatch(/^400/)
  })

  it('upserts by key, all or nothing', async () => {
    expect(await upsert(target(ids[0], true), target(crypto.randomUUID(), true))).toBe(
      '404 0x80040217',
    )
    expect(await rowsOf(ids[0])).toEqual([])
    expect(await upsert(target(ids[0], true, { em_rowkey: `${ids[0]}_12` }))).toBe('400 0x80040216')
    expect(await upsert(target(ids[0], true), target(ids[0], true))).toBe('412 0x80040237')
    expect(await upsert(target(ids[0], true), target(ids[1], false))).toBe('204')
    expect(await upsert(target(ids[0], true), target(ids[0], true))).toBe('400 0x80040237')
    expect(await upsert({ ...target(ids[2], true), '@odata.type': undefined })).toBe(
      '400 0x80048d19',
    )
    expect(await rowsOf(ids[0])).toHaveLength(1)
  })

  it('takes navigation names by their case, and filters across them', async () => {
    const body = { 'em_contact@odata.bind': `/contacts(${ids[0]})` }
    expect(await code('POST', SET, body)).toBe('400 0x80048d19')
    expect(await code('GET', `${SET}(em_rowkey='${crypto.randomUUID()}_12')`)).toBe(
      '404 0x80060891',
    )
    expect(await code('GET', `${SET}(em_name='x')`)).toBe('400 0x80060888')
    const filter = "em_Category/em_categoryid eq '12' and em_subscribed eq false"
    const { json } = await org.api(
      'GET',
      `${SET}?$select=_em_contact_value&$filter=${filter}&$expand=em_Contact($select=emailaddress1)`,
    )
    expect(json.value).toEqual([
      expect.objectContaining({
        _em_contact_value: ids[1],
        em_Contact: expect.objectContaining({ contactid: ids[1] }),
      }),
    ])
    const inCall = `Microsoft.Dynamics.CRM.In(PropertyName='em_contact',PropertyValues=["${ids[0]}","${ids[1]}"])`
    expect((await org.api('GET', `${SET}?$filter=${inCall}`)).json.value).toHaveLength(2)
  })

  it('moves rows on a merge and deactivates the loser', async () => {
    await upsert(target(ids[2], true), target(ids[3], false))
    const type = { '@odata.type': 'Microsoft.Dynamics.CRM.contact' }
    await org.control('PATCH', `rows/contact/${ids[3]}`, { values: { jobtitle: 'from the loser' } })
    const merge = {
      Target: { ...type, contactid: ids[2] },
      Subordinate: { ...type, contactid: ids[3] },
      PerformParentingChecks: false,
    }
    expect(await code('POST', 'Merge', merge)).toBe('204')
    const keys = (await rowsOf(ids[2])).map((row) => (row as { em_rowkey: string }).em_rowkey)
    expect(keys.sort()).toEqual([`${ids[2]}_12`, `${ids[3]}_12`].sort())
    expect((await org.api('GET', `contacts(${ids[3]})`)).json).toMatchObject({
      statecode: 1,
      statuscode: 2,
      merged: true,
      _masterid_value: ids[2],
    })
    expect((await org.api('GET', `contacts(${ids[2]})`)).json.jobtitle).toBe('from the loser')
  })

  it('deletes with the contact, and keeps a category in use', async () => {
    await upsert(target(ids[4], true))
    await org.api('DELETE', `contacts(${ids[4]})`)
    expect(await code('GET', `${SET}(em_rowkey='${ids[4]}_12')`)).toBe('404 0x80060891')
    expect(await code('DELETE', `${CATEGORIES}(em_categoryid='12')`)).toBe('405 0x80040227')
  })

  it('lets a rep flip a toggle', async () => {
    const flip = { as: 'Rita Rep', contactId: ids[0], categoryId: '12', subscribed: false }
    const { json } = await org.control('POST', 'subscriptions/flip', flip)
    expect(json.rows[0]).toMatchObject({ em_subscribed: false })
    const row = await org.api(
      'GET',
      `${SET}(em_rowkey='${ids[0]}_12')?$select=em_subscribed&$expand=modifiedby($select=fullname)`,
    )
    expect(row.json).toMatchObject({ em_subscribed: false, modifiedby: { fullname: 'Rita Rep' } })
  })

  it('refuses to delete a table that another one needs', async () => {
    expect(await code('DELETE', "EntityDefinitions(LogicalName='em_subscriptioncategories')")).toBe(
      '400 0x8004f01f',
    )
    expect(await code('DELETE', "EntityDefinitions(LogicalName='em_subscriptions')")).toBe('204')
    expect(await code('GET', SET)).toBe('404 0x80060888')
    expect(await code('DELETE', "EntityDefinitions(LogicalName='em_subscriptioncategories')")).toBe(
      '204',
    )
  })
})
