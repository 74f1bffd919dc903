import { describe, expect, it } from '@jest/globals'
import { toContact } from '../../../src/crm/dynamics/reading/to-contact.js'
import { toSubscription } from '../../../src/crm/dynamics/reading/to-subscription.js'
import { rowKey } from '../../../src/crm/dynamics/wire/row-key.js'

const contactid = '6D81597F-0f9f-e711-8122-000d3aa2331c'
const etag = { '@odata.etag': 'W/"5"' }

const whole = {
  contactid,
  ...etag,
  emailaddress1: 'a@x.example',
  emailaddress2: null,
  emailaddress3: null,
  statecode: 0,
}

function toggleOf(row: Record<string, unknown>) {
  return toContact({ ...whole, ...row })?.consents.marketingSendouts
}

/** The complete row except one property. */
function without(property: string) {
  const row = { ...whole, donotbulkemail: false }
  return Object.fromEntries(Object.entries(row).filter(([name]) => name !== property))
}

describe('a contact row', () => {
  it('has its toggle inverted and its version', () => {
    expect(toggleOf({ ...etag, donotbulkemail: true })).toMatchObject({
      value: 'deny',
      version: 'W/"5"',
    })
    expect(toggleOf({ ...etag, donotbulkemail: false })).toMatchObject({ value: 'allow' })
  })

  it('with a null toggle allows, as the platform does, and can be written (B8)', () => {
    expect(toggleOf({ donotbulkemail: null })).toMatchObject({ value: 'allow', version: 'W/"5"' })
  })

  it.each([
    ['a toggle that is missing', without('donotbulkemail')],
    ['a toggle of another type', { ...whole, donotbulkemail: 'false' }],
    ['a missing address', without('emailaddress1')],
    ['a missing second address', without('emailaddress2')],
    ['a missing third address', without('emailaddress3')],
    ['a missing state', without('statecode')],
    ['no version', without('@odata.etag')],
  ])('with %s is unreadable, not an allow', (_what, row) => {
    expect(toContact(row)?.consents.marketingSendouts?.value).toBeNull()
  })

  it('without the property of the address is not one without address', () => {
    expect(toContact(without('emailaddress1'))).toMatchObject({
      email: null,
      emailUnreadable: true,
    })
    expect(toContact({ ...whole, emailaddress1: null })).not.toHaveProperty('emailUnreadable')
  })

  it('denies at its second and third addresses, and is linked by the first alone (B8)', () => {
    const row = { ...whole, emailaddress2: 'b@x.example', emailaddress3: 'C@x.example' }
    expect(toContact(row)).toMatchObject({
      email: 'a@x.example',
      otherEmails: [],
      denyOnlyEmails: ['b@x.example', 'C@x.example'],
    })
  })

  it.each(['emailaddress2', 'emailaddress3'])(
    'without the property %s is linked by its first address, and not all its others are known',
    (column) => {
      const contact = toContact(without(column))
      expect(contact).toMatchObject({ email: 'a@x.example', otherEmailsUnreadable: true })
      expect(contact).not.toHaveProperty('emailUnreadable')
    },
  )

  it('has its state and when it was registered', () => {
    const createdon = '2026-11-21T22:36:35Z'
    expect(toContact({ contactid, statecode: 0, createdon })).toMatchObject({
      contactId: contactid.toLowerCase(),
      state: 'live',
      otherEmails: [],
      registeredAtMs: Date.UTC(2026, 10, 21, 22, 36, 35),
    })
    expect(toContact({ contactid, statecode: 1 })?.state).toBe('deactivated')
    expect(toContact({})).toBeNull()
  })

  const master = '6D81597F-0f9f-e711-8122-000d3aa2331e'
  it.each([
    ['merged', { merged: true }],
    ['perhaps merged, with a master', { merged: 'odd' }],
  ])('that is %s passes its deny on', (_what, row) => {
    const merged = toContact({ ...whole, statecode: 1, _masterid_value: master, ...row })
    expect(merged).toMatchObject({ state: 'merged', mergedInto: master.toLowerCase() })
  })

  it.each([['odd'], [null], [undefined]])(
    'that was merged into %p stays where it was, unreadable, until its master is known',
    (odd) => {
      const row = { ...whole, donotbulkemail: true, statecode: 1, merged: true }
      expect(toContact({ ...row, _masterid_value: odd })).toMatchObject({
        state: 'live',
        consents: { marketingSendouts: { value: null } },
      })
    },
  )
})

const TABLE = { primaryId: 'em_subscriptionsid', setName: 'em_subscriptionses' }

describe('a subscription row', () => {
  const row = {
    ...etag,
    em_subscriptionsid: 'R1',
    _em_contact_value: contactid,
    _em_category_value: '6D81597F-0f9f-e711-8122-000d3aa2331d',
    em_rowkey: rowKey(contactid, '12'),
    em_subscribed: false,
    statecode: 0,
  }
  const read = (changes: Record<string, unknown>, categoryId: string | null = '12') =>
    toSubscription({ ...row, ...changes }, TABLE, () => categoryId)

  it('is read as it stands', () => {
    expect(read({})).toEqual({
      rowId: 'r1',
      contactId: contactid.toLowerCase(),
      categoryId: '12',
      subscribed: false,
      version: 'W/"5"',
      foreign: false,
    })
  })

  it('of a merged contact, or added by hand, is foreign', () => {
    expect(read({ em_rowkey: rowKey('b', '12') })?.foreign).toBe(true)
    expect(read({ em_rowkey: null })?.foreign).toBe(true)
    expect(read({ em_rowkey: rowKey(contactid, '13') })?.foreign).toBe(true)
  })

  it.each([
    ['_em_contact_value', { contactId: '', categoryId: '12' }],
    ['_em_category_value', { contactId: contactid.toLowerCase(), categoryId: '' }],
    ['em_rowkey', { contactId: contactid.toLowerCase(), categoryId: '12' }],
    ['statecode', { contactId: contactid.toLowerCase(), categoryId: '12' }],
  ])('without the property %s has an unknown answer, and is not ours to delete', (name, whose) => {
    const told = Object.fromEntries(Object.entries(row).filter(([column]) => column !== name))
    const read = toSubscription(told, TABLE, () => '12')
    expect(read).toMatchObject({ ...whose, subscribed: null, foreign: false })
  })

  it('of a category added in Dynamics has no category of ours, and is not ours to delete', () => {
    const byHand = read({ em_rowkey: null }, null)
    expect(byHand).toMatchObject({ categoryId: null, subscribed: false, foreign: false })
    expect(read({ _em_category_value: null })).toMatchObject({ categoryId: null, foreign: false })
  })

  it.each([
    ['cannot be told', read({ em_rowkey: null }, '')],
    ['has lost its key, as the row’s own tells', read({}, null)],
  ])('of a category that %s may be of any, with whatever answer', (_what, unknown) => {
    expect(unknown).toMatchObject({ rowId: 'r1', categoryId: '', subscribed: null, foreign: false })
  })

  it('without an id leaves whatever its contact is subscribed to unknown', () => {
    const contactId = contactid.toLowerCase()
    expect(read({ em_subscriptionsid: 7 })).toMatchObject({
      rowId: `?${contactId}`,
      contactId,
      categoryId: '',
      subscribed: null,
    })
    const nobodys = read({ em_subscriptionsid: undefined, _em_contact_value: undefined })
    expect(nobodys).toMatchObject({ rowId: '?', contactId: '', categoryId: '', subscribed: null })
  })

  it.each([
    ['null', { em_subscribed: null }, null],
    ['missing', { em_subscribed: undefined }, null],
    ['a Yes of a deactivated row', { em_subscribed: true, statecode: 1 }, null],
    ['a No of a deactivated row', { em_subscribed: false, statecode: 1 }, false],
    ['without a version', { '@odata.etag': undefined }, null],
  ])('that is %s counts as %p', (_what, changes, expected) => {
    expect(read(changes)?.subscribed).toBe(expected)
  })

  it.each([
    ['_em_contact_value', { contactId: null, categoryId: '12' }],
    ['_em_category_value', { contactId: contactid.toLowerCase(), categoryId: null }],
  ])('whose %s is null has an unknown answer: it may be hidden', (column, whose) => {
    expect(read({ [column]: null })).toMatchObject({ ...whose, subscribed: null, foreign: false })
  })
})
