import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startInstallation, type TestInstallation } from './client.js'

let installation: TestInstallation

beforeEach(async () => {
  installation = await startInstallation()
  await installation.control.post('persons', { persons: [{ emails: ['a@x.no'] }, {}] })
})
afterEach(() => installation.close())

const put = (query: string, purpose = 'EMARKETING', person = 1) =>
  installation.api('PUT', `Person/${person}/Consent/${purpose}?${query}`)

interface Facts {
  readonly updated: string | null
  readonly consents: Record<string, Record<string, unknown>>
}
const facts = (person = 1) => installation.control.get<Facts>(`persons/${person}`)
const row = async (purpose = 'EMARKETING') => (await facts()).consents[purpose]

describe('writing a consent', () => {
  it('inserts, then counts every write, stamped by its own clock and user', async () => {
    expect((await put('source=Api&legalBase=61A&comment=eM%2Ba')).status).toBe(204)
    expect(await row()).toMatchObject({
      legalBase: '61A',
      source: 'Api',
      comment: 'eM+a',
      registeredAssociateId: 316,
      updated: null,
      updatedAssociateId: 0,
      updatedCount: 0,
    })
    await installation.control.post('clock', { skewMs: 86_400_000 })
    await put('source=Api&legalBase=WITHDRAWN')
    const after = await row()
    expect(after).toMatchObject({
      legalBase: 'WITHDRAWN',
      comment: '',
      updatedAssociateId: 316,
      updatedCount: 1,
    })
    expect(Date.parse(String(after?.['updated']))).toBeGreaterThan(Date.now() + 80_000_000)
  })

  it('has switches for what nobody documented', async () => {
    const { control } = installation
    await control.post('switches', { firstUpdatedCount: 1, updatedOnInsert: 'registered' })
    await put('source=Api&legalBase=61A')
    const inserted = await row()
    expect(inserted).toMatchObject({ updatedCount: 1, updatedAssociateId: 316 })
    expect(inserted?.['updated']).toBe(inserted?.['registered'])
    await put('source=Api&legalBase=61A')
    expect(await row()).toMatchObject({ updatedCount: 2 })
    await control.post('switches', { equalWrite: 'skipped' })
    await put('source=Api&legalBase=61A')
    expect(await row()).toMatchObject({ updatedCount: 2 })
    await put('source=Api&legalBase=61A&comment=other')
    expect(await row()).toMatchObject({ updatedCount: 3 })
  })

  it('moves the person’s own stamp for E-marketing only', async () => {
    await put('source=Api&legalBase=WITHDRAWN', 'STORE')
    expect((await facts()).updated).toBeNull()
    await put('source=Api&legalBase=61A')
    expect((await facts()).updated).not.toBeNull()
  })

  it.each([
    ['no source', 'legalBase=61A'],
    ['no legal base', 'source=Api'],
    ['an unknown source', 'source=EMARKETEER&legalBase=61A'],
    ['a key in another case', 'source=API&legalBase=61A'],
    ['an unknown legal base', 'source=Api&legalBase=61X'],
    ['a date', 'source=Api&legalBase=61A&updated=2026-01-01'],
    ['a long comment', `source=Api&legalBase=61A&comment=${'x'.repeat(256)}`],
  ])('refuses %s', async (_, query) => {
    expect((await put(query)).status).toBe(400)
    expect(await row()).toBeUndefined()
  })

  it('refuses a body, unknown persons and purposes, and users without the right', async () => {
    const good = 'source=Api&legalBase=61A'
    const path = `Person/1/Consent/EMARKETING?${good}`
    expect((await installation.api('PUT', path, { body: {} })).status).toBe(400)
    expect((await put(good, 'MARKETING')).status).toBe(404)
    expect((await put(good, 'EMARKETING', 99)).status).toBe(404)
    await installation.control.post('switches', { consentRight: false })
    expect((await put(good)).json).toMatchObject({ Error: true, ErrorType: 'SoSentryException' })
    expect(await row()).toBeUndefined()
  })

  it('writes by agent too, with names in any case', async () => {
    const path = 'Agents/Person/SetConsent'
    const body = { personId: 1, Purpose: 'EMARKETING', source: 'Api', LegalBase: '61B' }
    expect((await installation.api('POST', path, { body })).status).toBe(204)
    expect(await row()).toMatchObject({ legalBase: '61B' })
    expect((await installation.api('POST', path, { body: '{}' })).status).toBe(415)
    const writes = await installation.control.get<unknown[]>('writes')
    expect(writes).toMatchObject([
      { via: 'agent', personId: 1, purpose: 'EMARKETING', before: null, after: '61B' },
    ])
  })

  it('counts a saved card as a write of the rows if configured so', async () => {
    const { control } = installation
    await control.post('persons/1/save', { firstName: 'B' })
    expect(await row('STORE')).toMatchObject({ updatedCount: 0 })
    await control.post('switches', { saveTouchesConsent: true })
    await control.post('persons/1/save', { firstName: 'C', associateId: 44 })
    expect(await row('STORE')).toMatchObject({ updatedCount: 1, updatedAssociateId: 44 })
  })
})

describe('reading', () => {
  it('shows rows without a version, dates without a zone', async () => {
    await put('source=Api&legalBase=WITHDRAWN')
    const headers = { 'Accept-Language': 'en' }
    const { json } = await installation.api('GET', 'Person/1/Consent', { headers })
    const info = (json as Record<string, unknown>[]).find(
      (it) => it['ConsentPurposeKey'] === 'EMARKETING',
    )
    expect(info).toMatchObject({
      LegalBaseKey: 'WITHDRAWN',
      LegalBaseName: 'Withdrawn',
      ConsentSourceKey: 'Api',
      Updated: '0001-01-01T00:00:00',
    })
    expect(info?.['Registered']).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/)
    expect(Object.keys(info ?? {})).not.toContain('UpdatedCount')
    const has = (purpose: string) => installation.api('GET', `Person/1/Consent/${purpose}`)
    expect((await has('EMARKETING')).json).toBe(false)
    expect((await has('STORE')).json).toBe(true)
  })

  it('answers persons with addresses by rank, 304, 404, and null by agent', async () => {
    await installation.control.post('persons/1/emails', {
      emails: [
        { address: 'second@x.no', rank: 9 },
        { address: 'First@x.no', rank: 2 },
      ],
    })
    const { json } = await installation.api('GET', 'Person/1')
    expect(json.Emails).toMatchObject([
      { Value: 'First@x.no', StrippedValue: 'first@x.no' },
      { Value: 'second@x.no' },
    ])
    const headers = { 'If-Modified-Since': new Date(Date.now() + 5_000).toUTCString() }
    expect((await installation.api('GET', 'Person/1', { headers })).status).toBe(304)
    expect((await installation.api('GET', 'Person/99')).status).toBe(404)
    await installation.control.post('persons/1/delete', { soft: true })
    expect((await installation.api('GET', 'Person/1')).status).toBe(404)
    const agent = 'Agents/Person/GetPersonEntity?personEntityId=99'
    expect((await installation.api('POST', agent)).json).toBeNull()
  })

  it('saves a card by patch, also where nothing differs', async () => {
    const patch = (body: unknown) => installation.api('PATCH', 'Person/1', { body })
    expect((await facts()).updated).toBeNull()
    expect((await patch({ Firstname: '' })).json).toMatchObject({ PersonId: 1, Firstname: '' })
    expect((await facts()).updated).not.toBeNull()
    expect((await patch({ Emails: [] })).status).toBe(400)
    expect(await row('STORE')).toMatchObject({ updatedCount: 0 })
  })

  it('loses a merged person and keeps its addresses', async () => {
    await installation.control.post('persons/1/merge', { into: 2 })
    expect((await installation.api('GET', 'Person/1')).status).toBe(404)
    const { json } = await installation.api('GET', 'Person/2')
    expect(json.Emails).toMatchObject([{ Value: 'a@x.no' }])
  })
})

describe('lists', () => {
  const list = async (name: string) =>
    (await installation.api('GET', `List/${name}/Items`)).json as Record<string, unknown>[]
  const add = (body: unknown) => installation.api('POST', 'List/ConsentSource/Items', { body })

  it('gives ids, keys and names of the three lists', async () => {
    expect(await list('LegalBase')).toHaveLength(7)
    expect(await list('ConsentPurpose')).toMatchObject([
      { ConsentPurposeId: 1, Key: 'STORE', Name: 'NO:"Salg og service";US:"Sales and service"' },
      { ConsentPurposeId: 2, Key: 'EMARKETING' },
    ])
    expect((await installation.api('GET', 'List/Country/Items')).status).toBe(404)
  })

  it('adds a source once, with a plain key', async () => {
    const added = await add({ Name: 'eMarketeer', Key: 'EMARKETEER', Tooltip: '', Rank: 10 })
    expect(added.json).toMatchObject({ Key: 'EMARKETEER', ConsentSourceId: 10 })
    expect((await add({ Name: 'again', Key: 'emarketeer' })).status).toBe(400)
    expect((await add({ Name: 'dash', Key: 'e-marketeer' })).status).toBe(400)
    expect((await put('source=EMARKETEER&legalBase=61A')).status).toBe(204)
  })

  it('shows deleted items and sources that mail, and takes no deleted one', async () => {
    const { control } = installation
    await control.post('lists/ConsentSource/8', { deleted: true, mailTemplateId: 5 })
    const items = await list('ConsentSource')
    expect(items[7]).toMatchObject({ Key: 'Api', Deleted: true, MailTemplateId: 5 })
    expect((await put('source=Api&legalBase=61A')).status).toBe(400)
    await control.post('switches', { deletedItems: 'hidden' })
    expect(await list('ConsentSource')).toHaveLength(8)
  })

  it('knows a tenant’s own purposes', async () => {
    await installation.control.post('lists/ConsentPurpose', { key: 'XYZ', name: 'Mine' })
    await put('source=Api&legalBase=61A', 'XYZ')
    const options = {
      select: 'personId,hasXyzConsent,legalBaseXyz',
      filter: 'hasXyzConsent set true',
    }
    const { json } = await installation.archive('Person', options)
    expect(json.value).toMatchObject([{ PrimaryKey: '1', hasXyzConsent: true }])
  })
})

describe('upsert', () => {
  const upsert = (changes: Record<string, unknown> = {}) =>
    installation.api('POST', 'Agents/DatabaseTable/Upsert', {
      body: {
        TableName: 'ConsentPerson',
        Columns: ['person_id', 'consentPurpose_id', 'legalBase_id', 'consentSource_id', 'comment'],
        Keys: ['person_id', 'consentPurpose_id'],
        Data: [['1', '1', '7', '8', 'eM']],
        NomatchAction: 'NoChange',
        ReturnRowStatus: true,
        ...changes,
      },
    })

  it('updates, counted and stamped or not', async () => {
    const { json } = await upsert()
    expect(json).toMatchObject({ Success: true, Updates: 1, Inserts: 0, Deletes: 0 })
    expect(json.RowStatus).toMatchObject([{ Action: 'Updated', RowKeys: ['1', '1'] }])
    expect(await row('STORE')).toMatchObject({ updatedCount: 1, updatedAssociateId: 316 })
    await installation.control.post('switches', { upsertStamps: false })
    await upsert({ Data: [['1', '1', '6', '8', 'eM']] })
    expect(await row('STORE')).toMatchObject({ legalBase: '61F', updatedCount: 1 })
  })

  it('wipes every other row with another NomatchAction', async () => {
    expect((await upsert({ NomatchAction: 'DeleteRow' })).json).toMatchObject({ Deletes: 1 })
    expect((await facts(2)).consents).toEqual({})
  })

  it('refuses other tables, audit columns and ragged data, and may be closed', async () => {
    expect((await upsert({ TableName: 'person' })).status).toBe(400)
    expect((await upsert({ Columns: ['person_id', 'consentPurpose_id', 'updated'] })).status).toBe(
      400,
    )
    expect((await upsert({ Data: [['1', '1']] })).status).toBe(400)
    await installation.control.post('switches', { upsert: 'forbidden' })
    expect((await upsert()).status).toBe(403)
  })
})
