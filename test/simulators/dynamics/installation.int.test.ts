import { afterEach, describe, expect, it } from '@jest/globals'
import { Pace } from '../../../simulators/dynamics/customization/pace.js'
import { startOrganisation, type TestOrganisation } from './client.js'
import { createSubscriptionTables, label, textColumn } from './tables.js'

const FORM = 'systemforms(1fed44d1-ae68-4a41-bd2b-f13acac4acfa)'

let open: TestOrganisation[] = []

afterEach(async () => {
  await Promise.all(open.map((org) => org.close()))
  open = []
})

async function organisation(options: Parameters<typeof startOrganisation>[0] = {}) {
  const org = await startOrganisation(options)
  open.push(org)
  return org
}

/** The tables, and a draft of the form that shows a view with another id each time. */
async function customised(): Promise<TestOrganisation> {
  const org = await organisation()
  await createSubscriptionTables(org)
  const tables = "EntityDefinitions(LogicalName='em_subscriptions')"
  const { json } = await org.api('GET', `${tables}?$select=ObjectTypeCode`)
  const viewId = crypto.randomUUID()
  const made = await org.api('POST', 'savedqueries', {
    savedqueryid: viewId,
    name: 'ours',
    returnedtypecode: 'em_subscriptions',
    querytype: 0,
    fetchxml: '<fetch><entity name="em_subscriptions"><attribute name="em_name"/></entity></fetch>',
    layoutxml: `<grid name="resultset" object="${json.ObjectTypeCode}"><row name="result" id="em_subscriptionsid"><cell name="em_name"/></row></grid>`,
  })
  const { formxml } = (await org.api('GET', `${FORM}?$select=formxml`)).json
  const section = `<section name="s" id="{${crypto.randomUUID()}}"><rows><row><cell id="{${crypto.randomUUID()}}"><control id="g"><parameters><ViewId>{${viewId}}</ViewId></parameters></control></cell></row></rows></section>`
  const draft = formxml.replace('</sections>', `${section}</sections>`)
  const patched = await org.api('PATCH', FORM, { formxml: draft }, { 'If-Match': '*' })
  expect([made.status, patched.status]).toEqual([204, 204])
  return org
}

describe('the installation as the Dataverse stand-in reports it', () => {
  it('is the same for the same state, whatever the ids are', async () => {
    const [one, other] = await Promise.all([customised(), customised()])
    const told = await one.control('GET', 'installation')
    expect((await other.control('GET', 'installation')).text).toBe(told.text)
    const { views, forms, tables } = told.json
    expect(views).toMatchObject([
      {
        view: 'view em_subscriptions/ours',
        published: { layoutxml: expect.stringContaining('object="em_subscriptions"') },
      },
    ])
    const form = forms.find((each: { form: string }) => each.form === 'form contact/Contact')
    expect(form.published).not.toContain('view em_subscriptions/ours')
    expect(form.draft).toContain('<ViewId>{view em_subscriptions/ours}</ViewId>')
    expect(tables).toMatchObject([
      { name: 'contact', columns: [] },
      { name: 'em_subscriptioncategories', keys: [{ status: 'Active' }], rows: [] },
      { name: 'em_subscriptions', changeTracking: true, rows: 0 },
    ])
  })

  it('differs where anything does', async () => {
    const org = await customised()
    const seen = new Set<string>()
    const look = async () => seen.add((await org.control('GET', 'installation')).text)
    await look()
    await org.api('POST', "EntityDefinitions(LogicalName='em_subscriptions')/Attributes", {
      ...textColumn('em_More', 10),
    })
    await look()
    const values = { em_name: 'News', em_categoryid: '12' }
    await org.control('POST', 'rows/em_subscriptioncategories', { values })
    await look()
    await org.api('POST', 'PublishXml', {
      ParameterXml:
        '<importexportxml><entities><entity>contact</entity></entities></importexportxml>',
    })
    await look()
    const authvalue = '<settings><setting name="a" value="b"/></settings>'
    const endpoint = { name: 'hook', url: 'https://a.example', contract: 8, authtype: 5, authvalue }
    await org.api('POST', 'serviceendpoints', endpoint)
    await look()
    expect(seen.size).toBe(5)
  })
})

describe('the pace of the Dataverse stand-in', () => {
  it('makes the definitions and the publishing of a set-up take some minutes, or no time', () => {
    const makes = (pace: Pace) =>
      2 * pace.customizationMs('createTable') +
      4 * pace.customizationMs('createColumn') +
      2 * (pace.customizationMs('createKey') + pace.keyIndexMs()) +
      2 * pace.customizationMs('createRelationship') +
      pace.rowWriteMs('systemforms') +
      pace.customizationMs('publish')
    const minutes = makes(new Pace(1, 0)) / 60_000
    expect(minutes).toBeGreaterThan(4)
    expect(minutes).toBeLessThan(8)
    expect(makes(new Pace(0, 0))).toBe(0)
  })

  it('can be switched, and holds the lock meanwhile', async () => {
    const org = await organisation()
    await org.control('POST', 'switches', { pace: 0.005 })
    const table = (name: string) => ({
      SchemaName: name,
      DisplayName: label(name),
      DisplayCollectionName: label(name),
      Attributes: [textColumn('em_Name', 10, true)],
    })
    const startedMs = Date.now()
    const both = await Promise.all([
      org.api('POST', 'EntityDefinitions', table('em_One')),
      org.api('POST', 'EntityDefinitions', table('em_Two')),
    ])
    expect(Date.now() - startedMs).toBeGreaterThan(250)
    expect(both.map(({ status }) => status).sort()).toEqual([204, 429])
  })
})

describe('a request that hangs', () => {
  it('is carried out where asked, and never answered', async () => {
    const org = await organisation()
    await org.control('POST', 'faults', { path: 'publishers', times: 1, hang: true, execute: true })
    const publisher = { uniquename: 'own', friendlyname: 'Own', customizationprefix: 'own' }
    let answered = false
    const hanging = org.api('POST', 'publishers', publisher).finally(() => {
      answered = true
    })
    const left = hanging.catch((error: unknown) => error)
    for (;;) {
      const { json } = await org.control('GET', 'rows/publisher')
      if (json.total === 2) {
        break
      }
    }
    expect(answered).toBe(false)
    await org.close()
    open = []
    expect(await left).toMatchObject({ name: 'TypeError' })
  })
})
