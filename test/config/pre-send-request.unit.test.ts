import { describe, expect, it } from '@jest/globals'
import { parsePreSendRequest } from '../../src/client/start-pre-send.js'
import { caught, problemsOf } from './caught.js'

const now = new Date('2026-11-21T09:00:00Z')
const byCampaign = {
  connectionId: 'acme-dynamics',
  sendoutId: 'snd_77',
  campaignId: '501',
  componentId: '9001',
  stage: 'send',
  startAt: null,
  deadline: '2026-11-21T10:00:00Z',
  onUnverified: 'exclude',
}
const byContacts = {
  accountId: '1001',
  sendoutId: 'snd_77',
  stage: 'checklist',
  contactIds: ['100001', '100002'],
  channel: 'sms',
  categoryId: null,
  transactional: false,
}
const parse = (base: object, change: object = {}) =>
  parsePreSendRequest({ ...base, ...change }, { now })

describe('parsePreSendRequest', () => {
  it('gives both forms back as they came, without filling in defaults', () => {
    expect(parse(byCampaign)).toEqual(byCampaign)
    expect(parse(byContacts)).toEqual(byContacts)
  })

  it('leaves out what is undefined', () => {
    expect(parse(byCampaign, { startAt: undefined })).not.toHaveProperty('startAt')
  })

  it('takes 1,000 contact ids, a start that has passed, and a sendout id of 200 characters', () => {
    const contactIds = Array.from({ length: 1000 }, (_, index) => `${index}`)
    expect(parse(byContacts, { contactIds }).contactIds).toHaveLength(1000)
    expect(parse(byCampaign, { startAt: '2026-11-20T00:00:00Z' }).startAt).toBeDefined()
    expect(parse(byCampaign, { sendoutId: `aZ09._:-${'x'.repeat(192)}` }).sendoutId).toHaveLength(
      200,
    )
  })

  it.each([
    ['unknown key', byCampaign, { dealine: 'x' }, ['unknown_key dealine']],
    ['no stage', byCampaign, { stage: undefined }, ['value_missing stage']],
    ['another stage', byCampaign, { stage: 'test' }, ['value_invalid stage']],
    ['another policy', byCampaign, { onUnverified: 'include' }, ['value_invalid onUnverified']],
    ['connection and account', byCampaign, { accountId: '1' }, ['value_invalid accountId']],
    ['neither', byCampaign, { connectionId: undefined }, ['value_missing connectionId']],
    ['no sendout id', byCampaign, { sendoutId: undefined }, ['value_missing sendoutId']],
    ['an empty sendout id', byCampaign, { sendoutId: '' }, ['value_invalid sendoutId']],
    [
      'only a dot, which is no name in a path',
      byCampaign,
      { sendoutId: '.' },
      ['value_invalid sendoutId'],
    ],
    ['two dots', byCampaign, { sendoutId: '..' }, ['value_invalid sendoutId']],
    ['a slash in it', byCampaign, { sendoutId: 'a/b' }, ['value_invalid sendoutId']],
    ['a line break in it', byCampaign, { sendoutId: 'a\n' }, ['value_invalid sendoutId']],
    ['201 characters', byCampaign, { sendoutId: 'x'.repeat(201) }, ['value_invalid sendoutId']],
    ['a number as id', byCampaign, { campaignId: 501 }, ['value_invalid campaignId']],
    ['a deadline now', byCampaign, { deadline: now.toISOString() }, ['deadline_past deadline']],
    [
      'a start after the deadline',
      byCampaign,
      { startAt: '2026-11-21T10:00:00.001Z' },
      ['deadline_past deadline'],
    ],
    ['local time', byCampaign, { startAt: '2026-11-21T09:30:00+01:00' }, ['value_invalid startAt']],
    ['no day', byCampaign, { deadline: '2027-02-30T09:30:00Z' }, ['value_invalid deadline']],
    ['null deadline', byCampaign, { deadline: null }, ['value_invalid deadline']],
    ['no audience', byCampaign, { campaignId: undefined }, ['audience_incomplete campaignId']],
    [
      'half an audience',
      byCampaign,
      { componentId: undefined },
      ['audience_incomplete componentId'],
    ],
    ['a channel without ids', byCampaign, { channel: 'sms' }, ['audience_incomplete channel']],
    [
      'a null category without ids',
      byCampaign,
      { categoryId: null },
      ['audience_incomplete categoryId'],
    ],
    [
      'ids without the rest',
      byContacts,
      { channel: undefined, categoryId: undefined, transactional: undefined },
      [
        'audience_incomplete channel',
        'audience_incomplete categoryId',
        'audience_incomplete transactional',
      ],
    ],
    ['both audiences', byContacts, { campaignId: '1' }, ['value_invalid campaignId']],
    ['no ids in the list', byContacts, { contactIds: [] }, ['value_invalid contactIds']],
    ['a repeat', byContacts, { contactIds: ['1', '2', '1'] }, ['value_invalid contactIds.2']],
    ['null for ids', byContacts, { contactIds: null }, ['value_invalid contactIds']],
  ])('refuses %s', (_name, base, change, problems) => {
    expect(problemsOf(() => parse(base, change))).toEqual(problems)
  })

  it('refuses 1,001 contact ids by that alone', () => {
    const contactIds = Array.from({ length: 1001 }, () => 'anna@example.test')
    const error = caught(() => parse(byContacts, { contactIds }))
    expect(error).toMatchObject({ code: 'too_many_contact_ids', value: '1001' })
    expect(problemsOf(() => parse(byContacts, { contactIds }))).toHaveLength(1)
  })

  it('does not show an address given in place of an id', () => {
    const error = caught(() => parse(byContacts, { contactIds: ['anna@example.test'] }))
    expect(error).toMatchObject({ path: 'contactIds.0', value: 'text of 17 characters' })
    expect(JSON.stringify(error.toDocument())).not.toContain('anna')
  })

  it.each([null, 'x', 7, [byCampaign]])('refuses %j as no request', (given) => {
    expect(caught(() => parsePreSendRequest(given, { now })).code).toBe('value_invalid')
  })
})
