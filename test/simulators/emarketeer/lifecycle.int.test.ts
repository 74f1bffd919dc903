import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { startStandIn, type StandIn } from '../../emarketeer/stand-in.js'

interface Change {
  type: string
  contactIds: string[]
  email: string | null
  eventTime: string
  source: string
  detail: Record<string, unknown>
}

describe("eMarketeer's lifecycle rules", () => {
  let standIn: StandIn
  const at = '2026-03-01T00:00:00.000Z'
  const feed = () => standIn.control.lines<Change>('accounts/1001/feed')
  const state = async (contactId: string) =>
    (await standIn.client.readStates({ contactIds: [contactId] })).items[0]!

  beforeEach(async () => {
    standIn = await startStandIn()
    await standIn.at('seed', {
      contacts: [
        {
          contactId: '1',
          email: 'old@x.test',
          consents: {
            marketingSendouts: { legalBasis: 'withdrawn', version: 5, eventTime: at },
            storeAndProcess: { legalBasis: 'contract', version: 2, eventTime: at },
          },
          subscriptions: { c1: false, c2: true },
        },
        {
          contactId: '2',
          email: 'taken@x.test',
          consents: { marketingSendouts: { legalBasis: 'consent', version: 1, eventTime: at } },
        },
      ],
    })
  })
  afterEach(() => standIn.close())

  it('starts a new contact with nothing set and every subscription ON', async () => {
    const { contactId } = await standIn.at<{ contactId: string }>('contacts', {
      email: 'New@x.test',
      mobile: '+46',
    })
    expect(await feed()).toMatchObject([
      { type: 'contact.created', email: 'new@x.test', detail: { mobile: '+46' } },
    ])
    const made = await state(contactId)
    expect(made.consents?.marketingSendouts).toMatchObject({ legalBasis: 'none', version: 0 })
    expect(made.subscriptions?.every((it) => it.subscribed && it.version === 0)).toBe(true)
  })

  it('copies only withdrawn and OFF to a new address, right after the change', async () => {
    await standIn.at('change-email', { contactId: '1', email: 'fresh@x.test' })
    const changes = await feed()
    expect(changes.map((it) => it.type)).toEqual([
      'contact.email_changed',
      'consent.changed',
      'subscription.changed',
    ])
    expect(changes[0]?.detail).toEqual({ oldEmail: 'old@x.test', newEmail: 'fresh@x.test' })
    expect(changes[1]).toMatchObject({
      email: 'fresh@x.test',
      contactIds: ['1'],
      source: 'addressChange',
      eventTime: at,
      detail: { purpose: 'marketingSendouts', new: { legalBasis: 'withdrawn', version: 1 } },
    })
    const moved = await state('1')
    expect(moved.consents?.storeAndProcess.legalBasis).toBe('none')
    expect(moved.subscriptions?.map((it) => it.subscribed)).toEqual([false, true])
  })

  it('leaves what the new address has, and keeps the old address as it was', async () => {
    await standIn.at('change-email', { contactId: '1', email: 'taken@x.test' })
    expect((await state('1')).consents?.marketingSendouts).toMatchObject({
      legalBasis: 'consent',
      version: 1,
    })
    expect((await feed()).map((it) => it.type)).toEqual([
      'contact.email_changed',
      'subscription.changed',
    ])
    await standIn.at('change-email', { contactId: '1', email: 'old@x.test' })
    expect((await state('1')).consents?.marketingSendouts).toMatchObject({
      legalBasis: 'withdrawn',
      version: 5,
    })
    expect((await state('1')).consents?.storeAndProcess.legalBasis).toBe('contract')
  })

  it('suppresses a deleted address, without a consent change when it comes back', async () => {
    await standIn.at('delete-contacts', { contactIds: ['1'] })
    const { contactId } = await standIn.at<{ contactId: string }>('contacts', {
      email: 'old@x.test',
    })
    expect(contactId).not.toBe('1')
    const changes = await feed()
    expect(changes.map((it) => it.type)).toEqual(['contact.deleted', 'contact.created'])
    expect(changes[0]).toMatchObject({
      email: null,
      contactIds: ['1'],
      detail: { emailSha256: createHash('sha256').update('old@x.test').digest('hex') },
    })
    const back = await state(contactId)
    expect(back.consents?.marketingSendouts).toMatchObject({
      legalBasis: 'withdrawn',
      version: 5,
      eventTimeMs: Date.parse(at),
    })
    expect(back.consents?.storeAndProcess).toMatchObject({ legalBasis: 'none', version: 0 })
    expect(back.subscriptions?.map((it) => [it.subscribed, it.version])).toEqual([
      [true, 0],
      [true, 0],
    ])
  })

  it('blanks the addresses of deleted contacts in the feed', async () => {
    await standIn.at('change-email', { contactId: '2', email: 'fresh@x.test' })
    expect((await feed())[0]?.email).toBe('fresh@x.test')
    await standIn.at('delete-contacts', { contactIds: ['2'] })
    expect((await feed())[0]).toMatchObject({
      email: null,
      detail: { oldEmail: null, newEmail: null },
    })
  })

  it('keeps the state while another contact has the address', async () => {
    const { contactId } = await standIn.at<{ contactId: string }>('contacts', {
      email: 'taken@x.test',
    })
    await standIn.at('delete-contacts', { contactIds: ['2'] })
    expect((await state(contactId)).consents?.marketingSendouts.legalBasis).toBe('consent')
  })

  it('counts versions, takes renewals, and keeps an older decision in the history only', async () => {
    const consent = (legalBasis: string, eventTime?: string) => ({
      kind: 'consent',
      contactId: '2',
      purpose: 'marketingSendouts',
      legalBasis,
      ...(eventTime === undefined ? {} : { eventTime }),
    })
    const yes = { kind: 'subscription', contactId: '2', categoryId: 'c1', subscribed: true }
    const { changeIds } = await standIn.at<{ changeIds: (string | null)[] }>('acts', {
      acts: [
        consent('consent'),
        consent('withdrawn', '2020-01-01T00:00:00.000Z'),
        yes,
        consent('none'),
      ],
    })
    expect(changeIds.map((it) => it !== null)).toEqual([true, false, false, true])
    expect((await state('2')).consents?.marketingSendouts).toMatchObject({
      legalBasis: 'none',
      version: 3,
      eventTimeMs: expect.any(Number),
    })
  })

  it('hides a category that has vanished, and reports renames and archiving', async () => {
    await standIn.at('categories/c1/vanish', { vanished: true })
    await standIn.at('categories/c2/rename', { name: 'Happenings' })
    expect(await standIn.client.categories({ includeArchived: true })).toMatchObject([
      { categoryId: 'c2', name: 'Happenings' },
    ])
    expect((await state('1')).subscriptions?.map((it) => it.categoryId)).toEqual(['c2'])
    await standIn.at('categories/c2/archive')
    expect((await state('1')).subscriptions).toEqual([])
    expect((await feed()).map((it) => [it.type, it.detail['oldName']])).toEqual([
      ['category.renamed', 'Events'],
      ['category.archived', undefined],
    ])
  })

  it('picks an audience by channel and target', async () => {
    const { contactId } = await standIn.at<{ contactId: string }>('contacts', {
      email: null,
      mobile: '+46',
    })
    const component = { campaignId: '1', categoryId: null, transactional: true }
    const sms = { ...component, componentId: 's', channel: 'sms', target: { all: true } }
    const some = {
      ...component,
      componentId: 'e',
      channel: 'email',
      target: { contactIds: ['2', contactId] },
    }
    await standIn.at('campaigns', sms)
    await standIn.at('campaigns', some)
    const members = async (componentId: string) => {
      const sendoutId = `snd_${componentId}`
      const { audienceId } = await standIn.client.createAudience({
        sendoutId,
        campaignId: '1',
        componentId,
      })
      const page = await standIn.client.audienceContacts(audienceId, {})
      return page.status === 'page' ? page.items : []
    }
    expect(await members('s')).toEqual([{ contactId, email: null, mobile: '+46' }])
    expect((await members('e')).map((it) => it.contactId)).toEqual(['2'])
  })

  it('dumps the complete truth, suppressed addresses included', async () => {
    await standIn.at('delete-contacts', { contactIds: ['1'] })
    const lines = await standIn.control.lines<Record<string, unknown>>('accounts/1001/dump')
    expect(lines).toMatchObject([
      {
        contactId: '2',
        consents: { marketingSendouts: { value: 'consent', version: 1 } },
        subscriptions: { c1: { value: true, version: 0 } },
      },
      {
        contactId: null,
        email: 'old@x.test',
        consents: { marketingSendouts: { value: 'withdrawn', version: 5, eventTime: at } },
      },
    ])
  })
})
