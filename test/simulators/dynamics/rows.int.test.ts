import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startOrganisation, type TestOrganisation } from './client.js'

describe('rows of the Dataverse stand-in', () => {
  let org: TestOrganisation
  let ids: string[] = []

  beforeAll(async () => {
    org = await startOrganisation()
    await org.control('POST', 'seed/contacts', { count: 12, seed: 7 })
    const answer = await org.api('GET', 'contacts?$select=contactid')
    ids = answer.json.value.map((row: { contactid: string }) => row.contactid)
  })
  afterAll(() => org.close())

  const code = async (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<string> => {
    const answer = await org.api(method, path, body, headers)
    return `${answer.status} ${answer.json.error?.code ?? ''}`.trim()
  }

  it('asks for its headers', async () => {
    expect(await code('GET', 'WhoAmI', undefined, { 'OData-Version': '3.0' })).toBe(
      '400 0x80060888',
    )
    expect(await code('GET', 'WhoAmI', undefined, { Accept: 'text/html' })).toBe('406 0x80060888')
    expect(await code('POST', 'contacts', '{}', { 'Content-Type': 'text/plain' })).toBe(
      '415 0x80060888',
    )
  })

  it('refuses what a query cannot say', async () => {
    expect(await code('GET', 'contactz')).toBe('404 0x80060888')
    expect(await code('GET', 'contacts?$select=nope')).toBe('400 0x80060888')
    expect(await code('GET', 'contacts?$select=masterid')).toBe('400 0x80060888')
    expect(await code('GET', 'contacts?$skip=5')).toBe('400 0x80060888')
    expect(await code('GET', 'contacts?$search=x')).toBe('400 0x80060888')
    expect(await code('GET', `contacts?$filter=contactid eq guid'${ids[0]}'`)).toBe(
      '400 0x80060888',
    )
    expect(await code('GET', "contacts?$filter=donotbulkemail eq 'yes'")).toBe('400 0x80060888')
    expect(await code('GET', `contacts?$filter=${'a'.repeat(33_000)}`)).toBe('414 0x80060888')
    const chain = Array.from({ length: 501 }, () => 'statecode eq 0').join(' or ')
    expect(await code('GET', `contacts?$filter=${chain}`)).toBe('400 0x8004430C')
    expect(await code('GET', `contacts(${ids[0]})?$filter=statecode eq 0`)).toBe('400 0x80060888')
  })

  it('filters by the operators that clients send', async () => {
    const count = async (filter: string, aliases = ''): Promise<number> => {
      const answer = await org.api(
        'GET',
        `contacts?$filter=${encodeURIComponent(filter)}${aliases}`,
      )
      return answer.json.value.length
    }
    expect(await count("emailaddress1 eq 'PERSON3@example.com'")).toBe(1)
    expect(await count('emailaddress1 eq @e', "&@e='person3%40example.com'")).toBe(1)
    expect(await count('emailaddress1 ne null and not (statecode eq 1)')).toBe(12)
    expect(await count("startswith(emailaddress1,'person1')")).toBe(4)
    expect(await count('createdon ge 2020-01-01T00:00:00Z and createdon lt 2020-01-02')).toBe(0)
    const both = `"${ids[0]}","${ids[1]}","${crypto.randomUUID()}"`
    const inCall = `Microsoft.Dynamics.CRM.In(PropertyName='contactid',PropertyValues=[${both}])`
    expect(await count(inCall)).toBe(2)
    expect(await count(`${inCall} and emailaddress1 eq 'person1@example.com'`)).toBe(1)
    const aliases = `&@p1='emailaddress1'&@p2=${encodeURIComponent('["person5@example.com","person6@nowhere.example"]')}`
    expect(
      await count('Microsoft.Dynamics.CRM.In(PropertyName=@p1,PropertyValues=@p2)', aliases),
    ).toBe(1)
  })

  // Microsoft.OData.Core, ExpressionLexer.AdvanceThroughBalancedExpression; use-open-types.md of the Web API's docs.
  it('looks for the end of a list by brackets and single quotes alone', async () => {
    const addresses = ["o'brien@x.example", "d'arc@x.example", 'a[1@x.example', 'plain@x.example']
    for (const emailaddress1 of addresses) {
      await org.control('POST', 'rows/contact', { values: { emailaddress1 } })
    }
    const answered = async (values: readonly string[], parameter = false) => {
      const list = JSON.stringify(values)
      const inCall = `Microsoft.Dynamics.CRM.In(PropertyName='emailaddress1',PropertyValues=${parameter ? '@p' : list})`
      const alias = parameter ? `&@p=${encodeURIComponent(list)}` : ''
      const path = `contacts?$select=contactid&$filter=${encodeURIComponent(inCall)}${alias}`
      const { status, json } = await org.api('GET', path)
      return status === 200
        ? json.value.length
        : `${status} ${json.error.code} ${json.error.message}`
    }
    const unbalanced = '400 0x80060888 Found an unbalanced bracket expression.'
    expect(await answered(["o'brien@x.example", 'plain@x.example'])).toBe(unbalanced)
    expect(await answered(["o'brien@x.example"], true)).toBe(unbalanced)
    expect(await answered(['a[1@x.example', 'plain@x.example'])).toBe(unbalanced)
    expect(await answered(["o'brien@x.example", "d'arc@x.example", 'plain@x.example'])).toBe(3)
    const beside = encodeURIComponent("emailaddress1 eq 'o''brien@x.example'")
    expect((await org.api('GET', `contacts?$filter=${beside}`)).json.value).toHaveLength(1)
  })

  it('wants the logical name of a lookup in In()', async () => {
    const filter = (name: string): string =>
      `contacts?$filter=Microsoft.Dynamics.CRM.In(PropertyName='${name}',PropertyValues=["${ids[0]}"])`
    expect(await code('GET', filter('masterid'))).toBe('200')
    expect(await code('GET', filter('_masterid_value'))).toBe('400 0x80041103')
  })

  it('takes an unencoded plus for a blank', async () => {
    await org.control('POST', 'rows/contact', { values: { emailaddress1: 'a+b@example.com' } })
    const raw = await org.api('GET', "contacts?$filter=emailaddress1 eq 'a+b@example.com'")
    const encoded = await org.api('GET', "contacts?$filter=emailaddress1 eq 'a%2Bb@example.com'")
    expect([raw.json.value.length, encoded.json.value.length]).toEqual([0, 1])
  })

  it('pages by opaque links that cannot be altered', async () => {
    const prefer = { Prefer: 'odata.maxpagesize=5' }
    let answer = await org.api(
      'GET',
      'contacts?$select=contactid&$orderby=createdon desc',
      undefined,
      prefer,
    )
    const link: string = answer.json['@odata.nextLink']
    const sizes = [answer.json.value.length]
    while (answer.json['@odata.nextLink'] !== undefined) {
      answer = await org.api('GET', answer.json['@odata.nextLink'], undefined, prefer)
      sizes.push(answer.json.value.length)
    }
    expect(sizes.reduce((sum, size) => sum + size)).toBe(
      (await org.api('GET', 'contacts')).json.value.length,
    )
    expect(Math.max(...sizes)).toBe(5)
    expect(await code('GET', link.replace('contactid', 'fullname'), undefined, prefer)).toBe(
      '400 0x80060888',
    )
  })

  it('treats PATCH as an upsert, and honours its conditions', async () => {
    const id = crypto.randomUUID()
    const body = { lastname: 'Lee' }
    expect(await code('PATCH', `contacts(${id})`, body, { 'If-Match': '*' })).toBe('404 0x80040217')
    expect(await code('PATCH', `contacts(${id})`, body)).toBe('204')
    expect(await code('PATCH', `contacts(${id})`, body, { 'If-None-Match': '*' })).toBe(
      '412 0x80040237',
    )
    const { json } = await org.api('GET', `contacts(${id})?$select=fullname`)
    expect(json.fullname).toBe('Lee')
    const etag = { 'If-Match': json['@odata.etag'], Prefer: 'return=representation' }
    const path = `contacts(${id})?$select=contactid,donotbulkemail`
    const first = await org.api('PATCH', path, { donotbulkemail: true }, etag)
    expect([first.status, first.json.donotbulkemail, first.json.contactid]).toEqual([200, true, id])
    expect(first.json['@odata.etag']).not.toBe(json['@odata.etag'])
    expect(await code('PATCH', path, { donotbulkemail: false }, etag)).toBe('412 0x80060882')
    const unchanged = { 'If-None-Match': first.json['@odata.etag'] }
    expect(await code('GET', `contacts(${id})`, undefined, unchanged)).toBe('304')
    expect(await code('DELETE', `contacts(${id})`)).toBe('204')
    expect(await code('DELETE', `contacts(${id})`)).toBe('404 0x80040217')
  })

  it('refuses bodies with unknown columns, wrong types and values out of range', async () => {
    expect(await code('POST', 'contacts', { nope: 1 })).toBe('400 0x80048d19')
    expect(await code('POST', 'contacts', { donotbulkemail: 'yes' })).toBe('400 0x80048d19')
    expect(await code('POST', 'contacts', { emailaddress1: 'x'.repeat(101) })).toBe(
      '400 0x80044331',
    )
    expect(await code('POST', 'contacts', { statecode: 7 })).toBe('400 0x8004431A')
    expect(await code('POST', 'contacts', { _masterid_value: ids[0] })).toBe('400 0x80048d19')
    expect(await code('POST', 'contacts', 'no json')).toBe('400 0x80048d19')
    expect(await code('PUT', `contacts(${ids[0]})`, {})).toBe('405 0x80060888')
  })

  it('updates many contacts, or none', async () => {
    const path = 'contacts/Microsoft.Dynamics.CRM.UpdateMultiple'
    const type = { '@odata.type': 'Microsoft.Dynamics.CRM.contact' }
    const target = (id: string | undefined): object => ({ ...type, contactid: id, jobtitle: 'Set' })
    const lost = await org.api('POST', path, {
      Targets: [target(ids[2]), target(crypto.randomUUID())],
    })
    expect([lost.status, lost.json.error.code]).toEqual([404, '0x80040217'])
    expect((await org.api('GET', `contacts(${ids[2]})`)).json.jobtitle).toBeNull()
    expect(await code('POST', path, { Targets: [{ contactid: ids[2], jobtitle: 'x' }] })).toBe(
      '400 0x80048d19',
    )
    expect(await code('POST', path, { Targets: [target(ids[2]), target(ids[2])] })).toBe(
      '400 0x80040237',
    )
    expect(await code('POST', path, { Targets: [target(ids[2]), target(ids[3])] })).toBe('204')
    expect((await org.api('GET', `contacts(${ids[3]})`)).json.jobtitle).toBe('Set')
  })
})
