import { afterEach, describe, expect, it } from '@jest/globals'
import { scriptedOnsite } from './support/scripted-onsite.js'
import { personRows, scriptedArchive } from './support/scripted-archive.js'
import type { Heard } from '../support/scripted-server.js'

let close: () => Promise<void> = () => Promise.resolve()

afterEach(() => close())

const withdraw = {
  kind: 'consent',
  contactId: '1',
  purpose: 'marketingSendouts',
  value: 'withdrawn',
  expectedVersion: '4',
} as const

async function putOf(lists: Readonly<Record<string, readonly unknown[]>>) {
  const instead = (heard: Heard) => {
    const list = /\/List\/(\w+)\/Items$/.exec(heard.path)?.[1]
    return heard.method === 'PUT'
      ? { status: 204 }
      : list === undefined
        ? undefined
        : { status: 200, body: lists[list] }
  }
  const rows = personRows(1, { 'consentperson.legalBase_id.key': '61A' })
  const opened = await scriptedOnsite(scriptedArchive(rows, { instead }))
  close = opened.close
  await opened.crm.write([withdraw], {})
  return opened.heard.find(({ method }) => method === 'PUT')?.path
}

describe('the lists of an installation', () => {
  it('need not have ids, because consents are written by key', async () => {
    const path = await putOf({
      ConsentPurpose: [{ Key: '#EMARKETING' }],
      LegalBase: [{ Key: '#Withdrawn' }],
      ConsentSource: [{ Id: 9, Key: 'EMARKETEER' }],
    })
    expect(path).toMatch(
      /\/Person\/1\/Consent\/%23EMARKETING\?source=EMARKETEER&legalBase=%23Withdrawn&/,
    )
  })

  it('lose an odd entry alone, and no more of another than what is odd of it', async () => {
    const path = await putOf({
      ConsentPurpose: [
        null,
        'STORE',
        { Key: 7 },
        { ConsentPurposeId: '2', Key: 'EMARKETING', Active: 1, Name: 5, Deleted: 'no' },
      ],
      LegalBase: [{ LegalBaseId: {}, Key: 'WITHDRAWN', Deleted: 0 }, { Key: null }],
      ConsentSource: [{ Key: 'EMARKETEER', MailTemplateId: 'x', Deleted: null }],
    })
    expect(path).toContain('/Consent/EMARKETING?source=EMARKETEER&legalBase=WITHDRAWN&')
  })

  it('may hold a deleted entry of the same key, which is not meant', async () => {
    const path = await putOf({
      ConsentPurpose: [
        { ConsentPurposeId: 12, Key: 'EMARKETING' },
        { ConsentPurposeId: 2, Key: '#EMARKETING', Deleted: true },
      ],
      LegalBase: [{ LegalBaseId: 7, Key: 'WITHDRAWN' }],
      ConsentSource: [{ ConsentSourceId: 9, Key: 'EMARKETEER' }],
    })
    expect(path).toContain('/Consent/EMARKETING?')
  })
})
