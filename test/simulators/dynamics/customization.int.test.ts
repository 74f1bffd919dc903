import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startOrganisation, type TestOrganisation } from './client.js'
import { createSubscriptionTables } from './tables.js'

const FORM = 'systemforms(1fed44d1-ae68-4a41-bd2b-f13acac4acfa)'
const PUBLISH = {
  ParameterXml: '<importexportxml><entities><entity>contact</entity></entities></importexportxml>',
}

describe('forms, views and audit of the Dataverse stand-in', () => {
  let org: TestOrganisation
  let formxml = ''

  beforeAll(async () => {
    org = await startOrganisation()
    await createSubscriptionTables(org)
    formxml = (await org.api('GET', `${FORM}?$select=formxml`)).json.formxml
  })
  afterAll(() => org.close())

  const code = async (method: string, path: string, body?: unknown): Promise<string> => {
    const answer = await org.api(method, path, body)
    return `${answer.status} ${answer.json.error?.code ?? ''}`.trim()
  }
  const withSection = (viewId: string, cellId: string = crypto.randomUUID()): string =>
    formxml.replace(
      '</sections></column></columns></tab></tabs>',
      `<section name="em_subscriptions" id="{${crypto.randomUUID()}}"><labels/><rows><row><cell id="{${cellId}}" rowspan="2"><control id="em_grid" classid="{E7A81278-8635-4D9E-8D4D-59480B391C5B}" indicationOfSubgrid="true"><parameters><ViewId>{${viewId}}</ViewId><RelationshipName>em_contact_em_subscriptions</RelationshipName><TargetEntityType>em_subscriptions</TargetEntityType></parameters></control></cell></row><row/></rows></section></sections></column></columns></tab></tabs>`,
    )
  const createView = async (): Promise<string> => {
    const table = await org.api(
      'GET',
      "EntityDefinitions(LogicalName='em_subscriptions')?$select=ObjectTypeCode",
    )
    const id = crypto.randomUUID()
    const view = {
      savedqueryid: id,
      name: 'ours',
      returnedtypecode: 'em_subscriptions',
      querytype: 0,
      fetchxml:
        '<fetch version="1.0"><entity name="em_subscriptions"><attribute name="em_subscriptionsid"/><attribute name="em_subscribed"/></entity></fetch>',
      layoutxml: `<grid name="resultset" object="${table.json.ObjectTypeCode}" jump="em_name"><row name="result" id="em_subscriptionsid"><cell name="em_subscribed" width="100"/></row></grid>`,
    }
    expect(
      await code('POST', 'savedqueries', {
        ...view,
        layoutxml: view.layoutxml.replace('em_subscribed', 'em_category'),
      }),
    ).toBe('400 0x80040216')
    expect(await code('POST', 'savedqueries', view)).toBe('204')
    return id
  }

  it('keeps a change in the draft until it is published', async () => {
    const view = await createView()
    const changed = withSection(view)
    expect(await code('PATCH', FORM, { formxml: changed })).toBe('204')
    expect((await org.api('GET', FORM)).json.formxml).toBe(formxml)
    expect(await code('DELETE', `savedqueries(${view})`)).toBe('400 0x8004f01f')
    const draft = `${FORM}/Microsoft.Dynamics.CRM.RetrieveUnpublished()?$select=formxml`
    expect((await org.api('GET', draft)).json.formxml).toBe(changed)
    expect(await code('POST', 'PublishXml', PUBLISH)).toBe('204')
    expect((await org.api('GET', FORM)).json.formxml).toBe(changed)
    expect(await code('DELETE', `savedqueries(${view})`)).toBe('400 0x8004f01f')
    expect(await code('DELETE', "EntityDefinitions(LogicalName='em_subscriptions')")).toBe(
      '400 0x8004f01f',
    )
    expect(await code('PATCH', FORM, { formxml })).toBe('204')
    expect(await code('DELETE', `savedqueries(${view})`)).toBe('400 0x8004f01f')
    expect(await code('POST', 'PublishXml', PUBLISH)).toBe('204')
    expect(await code('DELETE', `savedqueries(${view})`)).toBe('204')
  })

  it('refuses forms that are broken or name what is not there', async () => {
    expect(await code('PATCH', FORM, { formxml: '<form><tabs></form>' })).toBe('400 0x80040216')
    expect(await code('PATCH', FORM, { formxml: withSection(crypto.randomUUID()) })).toBe(
      '400 0x8004f036',
    )
    const column = formxml.replaceAll('datafieldname="donotemail"', 'datafieldname="em_nope"')
    expect(await code('PATCH', FORM, { formxml: column })).toBe('400 0x8004f036')
    const spanned = withSection(crypto.randomUUID()).replace('rowspan="2"', 'rowspan="3"')
    expect(await code('PATCH', FORM, { formxml: spanned })).toBe('400 0x80040216')
    const locked = { iscustomizable: { Value: false } }
    await org.control('PATCH', 'rows/systemform/1fed44d1-ae68-4a41-bd2b-f13acac4acfa', {
      values: locked,
    })
    expect(await code('PATCH', FORM, { formxml })).toBe('400 0x8004f01e')
  })

  it('replaces a complete definition, and never turns tracking off', async () => {
    const path = "EntityDefinitions(LogicalName='contact')"
    const { json } = await org.api('GET', path)
    const two = {
      ...json.DisplayName,
      LocalizedLabels: [{ ...json.DisplayName.LocalizedLabels[0], Label: 'Kontakt' }],
    }
    const merge = { 'MSCRM.MergeLabels': 'true' }
    expect((await org.api('PUT', path, { ...json, DisplayName: two }, merge)).status).toBe(204)
    expect((await org.api('GET', path)).json.DisplayName.LocalizedLabels[0].Label).toBe('Kontakt')
    expect(
      (await org.api('PUT', path, { ...json, ChangeTrackingEnabled: false }, merge)).status,
    ).toBe(400)
  })

  it('says when and who in audits, and what in their details', async () => {
    const id = (await org.control('POST', 'rows/contact', { values: { lastname: 'Lee' } })).json.id
    const change = (donotbulkemail: boolean): Promise<unknown> =>
      org.control('PATCH', `rows/contact/${id}`, { as: 'Rita Rep', values: { donotbulkemail } })
    await change(true)
    await change(true)
    const query = `audits?$select=auditid,createdon,_userid_value,operation,action&$filter=objecttypecode eq 'contact' and _objectid_value eq ${id} and operation eq 2`
    const { json } = await org.api('GET', query)
    expect(json.value).toHaveLength(1)
    const [row] = json.value
    const user = await org.api('GET', `systemusers(${row._userid_value})?$select=fullname`)
    expect(user.json.fullname).toBe('Rita Rep')
    const detail = await org.api(
      'GET',
      `audits(${row.auditid})/Microsoft.Dynamics.CRM.RetrieveAuditDetails`,
    )
    expect(detail.json.AuditDetail).toMatchObject({
      OldValue: { donotbulkemail: false },
      NewValue: { donotbulkemail: true },
    })
    const history = await org.api(
      'GET',
      `RetrieveAttributeChangeHistory(Target=@t,AttributeLogicalName=@a)?@t={'@odata.id':'contacts(${id})'}&@a='donotbulkemail'`,
    )
    const collection = history.json.AuditDetailCollection
    expect(collection.AuditDetails[0]).not.toHaveProperty('AuditRecord')
    expect(collection.AuditDetails[0].NewValue.donotbulkemail).toBe(true)
    await org.control('POST', 'switches', { audit: { organization: false } })
    await change(false)
    expect((await org.api('GET', query)).json.value).toHaveLength(1)
  })
})
