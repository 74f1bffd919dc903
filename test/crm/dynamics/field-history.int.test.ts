import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type Heard, type Said, scriptedService } from './support/scripted-service.js'
import { openCrm } from './support/stand-in.js'
import { type Answer, writeMultipart } from './support/write-multipart.js'

const us = '75c2dd85-e89e-e711-8122-000d3aa2331c'
const rep = '11c2dd85-e89e-e711-8122-000d3aa2331c'
const contactId = '6d81597f-0f9f-e711-8122-000d3aa2331c'

interface Entry {
  readonly id: string
  readonly minutesAgo: number
  readonly userId: string
  readonly detail: object | null
}

let service: Awaited<ReturnType<typeof scriptedService>> | undefined
let entries: Entry[]
let contact: { donotbulkemail: boolean; modifiedMinutesAgo: number }
let audited: { organization: boolean; table: boolean; column: boolean }
let partStatus: number

beforeEach(() => {
  entries = [flip('1', 60, rep, true)]
  contact = { donotbulkemail: true, modifiedMinutesAgo: 60 }
  audited = { organization: true, table: true, column: true }
  partStatus = 200
})
afterEach(async () => {
  await service?.close()
})

const nowMs = Math.floor(Date.now() / 1000) * 1000

function at(minutesAgo: number): string {
  return new Date(nowMs - minutesAgo * 60_000).toISOString().replace('.000Z', 'Z')
}

function auditId(id: string): string {
  return `aaaaaaaa-0f9f-e711-8122-${id.padStart(12, '0')}`
}

function flip(id: string, minutesAgo: number, userId: string, to: boolean): Entry {
  const type = '#Microsoft.Dynamics.CRM.AttributeAuditDetail'
  const detail = {
    '@odata.type': type,
    OldValue: { donotbulkemail: !to },
    NewValue: { donotbulkemail: to },
  }
  return { id: auditId(id), minutesAgo, userId, detail }
}

function otherEdit(id: string, minutesAgo: number): Entry {
  const type = '#Microsoft.Dynamics.CRM.AttributeAuditDetail'
  const detail = { '@odata.type': type, OldValue: { lastname: 'A' }, NewValue: { lastname: 'B' } }
  return { id: auditId(id), minutesAgo, userId: rep, detail }
}

function part(text: string): Answer {
  const answer = (body: unknown) => ({
    status: partStatus,
    headers: {},
    body: JSON.stringify(body),
  })
  const line = decodeURIComponent(/^GET (\S+)/m.exec(text)?.[1] ?? '')
  if (line.includes('RetrieveAuditDetails')) {
    const entry = entries.find((one) => line.includes(one.id))
    return answer({ AuditDetail: entry?.detail })
  }
  if (line.includes('/audits')) {
    const value = entries.map((one) => ({
      auditid: one.id,
      createdon: at(one.minutesAgo),
      _userid_value: one.userId,
    }))
    return answer({ value })
  }
  const modifiedon = at(contact.modifiedMinutesAgo)
  const row = { contactid: contactId, donotbulkemail: contact.donotbulkemail, modifiedon }
  return { status: 200, headers: {}, body: JSON.stringify({ value: [row] }) }
}

function answer(heard: Heard): Said {
  if (heard.path.startsWith('organizations')) {
    return { status: 200, body: { value: [{ isauditenabled: audited.organization }] } }
  }
  if (heard.path.startsWith('EntityDefinitions')) {
    const Value = heard.path.includes('/Attributes') ? audited.column : audited.table
    return { status: 200, body: { IsAuditEnabled: { Value } } }
  }
  const texts = heard.body.split('Content-Type: application/http').slice(1)
  const { contentType, body } = writeMultipart(texts.map(part), { lineEnd: '\r\n' })
  return { status: 200, headers: { 'content-type': contentType }, body: body.toString() }
}

async function history() {
  service = await scriptedService(answer)
  const organization = {
    organizationId: us,
    userId: us,
    languageCode: 1033,
    languages: [1033],
    auditEnabled: true,
    changeTrackingDays: null,
  }
  return openCrm(service.url, { organization }).readFieldHistory([contactId], {})
}

describe('the history of the toggle', () => {
  it('says when and by whom the present value was set', async () => {
    const [found] = await history()
    expect(found).toMatchObject({ contactId, value: 'deny', userId: rep })
    expect(found?.atMs).toBe(Date.parse(at(60)))
    expect(found?.epsMs).toBeGreaterThanOrEqual(2_000)
  })

  it('looks past edits of other columns, in one request a depth', async () => {
    entries = [
      otherEdit('1', 20),
      otherEdit('2', 30),
      flip('3', 60, rep, true),
      flip('4', 90, us, true),
    ]
    contact = { ...contact, modifiedMinutesAgo: 20 }
    expect(await history()).toMatchObject([{ atMs: Date.parse(at(60)) }])
    expect(service?.heard.filter((one) => one.path === '$batch')).toHaveLength(1 + 3 + 1)
  })

  it.each<[string, () => void]>([
    ['our own write', () => (entries = [flip('1', 60, us, true), flip('2', 90, rep, true)])],
    [
      'an older flip under one that cannot be read',
      () => (entries = [{ ...otherEdit('9', 50), detail: null }, ...entries]),
    ],
    ['a flip to another value', () => (entries = [flip('1', 60, rep, false)])],
    ['nothing', () => (entries = [])],
    ['only edits of other columns', () => (entries = [otherEdit('1', 60)])],
    ['a flip, but something modified the contact since', () => (contact.modifiedMinutesAgo = 5)],
    ['a flip in the future', () => (entries = [flip('1', -1, rep, true)])],
  ])('proves nothing by %s', async (_what, change) => {
    change()
    expect(await history()).toEqual([])
  })

  it.each(['organization', 'table', 'column'] as const)(
    'is not asked for where the %s is not audited',
    async (what) => {
      audited = { ...audited, [what]: false }
      expect(await history()).toEqual([])
      expect(service?.heard.some((one) => one.path === '$batch')).toBe(false)
    },
  )

  it('that may not be read proves nothing', async () => {
    partStatus = 403
    expect(await history()).toEqual([])
  })

  it('is asked for again later where the service is busy', async () => {
    partStatus = 429
    await expect(history()).rejects.toMatchObject({
      code: 'upstream_rate_limited',
      retryable: true,
    })
  })
})
