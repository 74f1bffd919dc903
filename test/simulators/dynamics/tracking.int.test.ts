import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { startOrganisation, type Answer, type TestOrganisation } from './client.js'
import { yesNoColumn } from './tables.js'

const TRACK = { Prefer: 'odata.track-changes,odata.maxpagesize=4' }
const PAGE = { Prefer: 'odata.maxpagesize=4' }
const DAY_MS = 86_400_000

describe('change tracking of the Dataverse stand-in', () => {
  let org: TestOrganisation
  let ids: string[] = []

  beforeEach(async () => {
    org = await startOrganisation()
    await org.control('POST', 'seed/contacts', { count: 10, seed: 5 })
    const answer = await org.api('GET', 'contacts?$select=contactid')
    ids = answer.json.value.map((row: { contactid: string }) => row.contactid)
  })
  afterEach(() => org.close())

  const readAll = async (
    first: string,
    prefer: Record<string, string>,
  ): Promise<{ rows: unknown[]; link: string }> => {
    const rows: unknown[] = []
    let answer = await org.api('GET', first, undefined, prefer)
    rows.push(...answer.json.value)
    while (answer.json['@odata.nextLink'] !== undefined) {
      expect(answer.json['@odata.deltaLink']).toBeUndefined()
      answer = await org.api('GET', answer.json['@odata.nextLink'], undefined, PAGE)
      rows.push(...answer.json.value)
    }
    return { rows, link: answer.json['@odata.deltaLink'] }
  }
  const code = (answer: Answer): string => `${answer.status} ${answer.json.error?.code}`

  it('gives the delta link on the last page only, and each changed row once with current values', async () => {
    const baseline = await readAll('contacts?$select=emailaddress1,donotbulkemail', TRACK)
    expect(baseline.rows).toHaveLength(10)
    for (const donotbulkemail of [true, false, true]) {
      await org.control('PATCH', `rows/contact/${ids[0]}`, { values: { donotbulkemail } })
    }
    await org.control('PATCH', `rows/contact/${ids[1]}`, { values: { jobtitle: 'not selected' } })
    await org.control('DELETE', `rows/contact/${ids[2]}`)
    const delta = await readAll(baseline.link, PAGE)
    expect(delta.rows).toEqual([
      expect.objectContaining({ contactid: ids[0], donotbulkemail: true }),
      expect.objectContaining({ contactid: ids[1] }),
      {
        '@odata.context': `${org.root}$metadata#contacts/$deletedEntity`,
        id: ids[2],
        reason: 'deleted',
      },
    ])
    expect((await readAll(delta.link, PAGE)).rows).toEqual([])
  })

  it('loses nothing that changes while it pages', async () => {
    const first = await org.api('GET', 'contacts?$select=jobtitle', undefined, TRACK)
    await org.control('PATCH', `rows/contact/${ids[0]}`, { values: { jobtitle: 'during' } })
    const { link } = await readAll(first.json['@odata.nextLink'], PAGE)
    expect((await readAll(link, PAGE)).rows).toEqual([
      expect.objectContaining({ jobtitle: 'during' }),
    ])
  })

  it('pages long deltas, changes before deletions', async () => {
    const { link } = await readAll('contacts?$select=jobtitle', TRACK)
    for (const id of ids.slice(0, 5)) {
      await org.control('PATCH', `rows/contact/${id}`, { values: { jobtitle: 'x' } })
    }
    for (const id of ids.slice(5)) {
      await org.control('DELETE', `rows/contact/${id}`)
    }
    const { rows } = await readAll(link, PAGE)
    expect(rows.map((row) => 'reason' in (row as object))).toEqual([
      ...Array(5).fill(false),
      ...Array(5).fill(true),
    ])
  })

  it('refuses filters, and tables that are not tracked', async () => {
    for (const option of [
      '$filter=statecode eq 0',
      '$orderby=fullname',
      '$top=3',
      '$expand=masterid',
    ]) {
      expect(code(await org.api('GET', `contacts?${option}`, undefined, TRACK))).toBe(
        '400 0x80060888',
      )
    }
    expect((await org.api('GET', 'publishers', undefined, TRACK)).status).toBe(400)
  })

  it('refuses tokens that are mangled, old, voided by control or by a new column', async () => {
    const { link } = await readAll('contacts?$select=jobtitle', TRACK)
    expect(code(await org.api('GET', link.replace('deltatoken=', 'deltatoken=x')))).toBe(
      '400 0x80044183',
    )
    await org.control('POST', 'switches', { clockSkewMs: 8 * DAY_MS })
    await org.signIn()
    expect(code(await org.api('GET', link))).toBe('400 0x80044352')
    await org.control('POST', 'switches', { clockSkewMs: 0 })
    expect((await org.api('GET', link)).status).toBe(200)
    const column = yesNoColumn('em_Newsletters', true)
    await org.api('POST', "EntityDefinitions(LogicalName='contact')/Attributes", column)
    expect(code(await org.api('GET', link))).toBe('400 0x80044352')
    const next = await readAll('contacts?$select=em_newsletters', TRACK)
    expect(next.rows[0]).toMatchObject({ em_newsletters: null })
    await org.control('POST', 'switches', { expireDeltas: 'contact' })
    expect(code(await org.api('GET', next.link))).toBe('400 0x80044352')
  })

  it('needs organisation-wide read', async () => {
    await org.control('POST', 'switches', {
      privilegeDepth: { name: 'prvReadContact', depth: 'Local' },
    })
    expect((await org.api('GET', 'contacts?$top=1')).status).toBe(200)
    expect(code(await org.api('GET', 'contacts', undefined, TRACK))).toBe('403 0x80040220')
  })
})
