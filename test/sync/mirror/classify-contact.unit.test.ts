import { describe, expect, it } from '@jest/globals'
import type { CrmContact } from '../../../src/crm/crm.js'
import { recordAddresses } from '../../../src/domain/record-addresses.js'
import type { StoredCrmContact } from '../../../src/ledger/copy/crm-mirror-rows.js'
import type { SecondaryAddress } from '../../../src/ledger/copy/secondary-addresses.js'
import {
  addressesOfMetTwice,
  classifyContact,
  classifyDeletedContact,
  type ContactChange,
} from '../../../src/sync/mirror/classify-contact.js'

/** Ids of addresses, by their keys. */
const ADDRESS_IDS = new Map([
  ['home@x.example', 1],
  ['new@x.example', 2],
  ['work@x.example', 3],
  ['old@x.example', 4],
])
const HOME = 1
const NEW = 2
const WORK = 3
const OLD = 4

/** A stored contact was read between these ticks. */
const STORED = { from: 10, to: 12 }
const LATER = { from: 13, to: 14 }
const EARLIER = { from: 7, to: 9 }
const OVERLAPPING = { from: 12, to: 14 }

const consents = (
  value: 'consent' | 'withdrawn' | null,
  version = '1',
): CrmContact['consents'] => ({
  marketingSendouts: { value, version, lastWriter: 'user' },
})

function contact(more: Partial<CrmContact> = {}): CrmContact {
  return {
    contactId: 'ann',
    email: 'home@x.example',
    otherEmails: [],
    denyOnlyEmails: [],
    state: 'live',
    mergedInto: null,
    registeredAtMs: null,
    consents: consents('consent'),
    ...more,
  }
}

function stored(more: Partial<StoredCrmContact> = {}): StoredCrmContact {
  return {
    crmContactId: 'ann',
    addressId: HOME,
    state: 'live',
    mergedInto: null,
    registeredAtMs: null,
    unusableAddress: false,
    addressHidden: false,
    consents: consents('consent'),
    readFrom: STORED.from,
    readTo: STORED.to,
    ...more,
  }
}

function other(addressId: number, denyOnly = false): SecondaryAddress {
  return { crmContactId: 'ann', addressId, denyOnly, arrived: {}, followed: {} }
}

function classify(
  read: CrmContact,
  known: { before?: StoredCrmContact; others?: readonly SecondaryAddress[] } = {},
  { window = LATER, listing = false, listedBefore = false } = {},
): ContactChange | null {
  return classifyContact(
    { contact: read, addresses: recordAddresses(read) },
    { before: known.before, others: known.others ?? [] },
    { window, listing, listedBefore, addressIds: ADDRESS_IDS },
  )
}

/** Sorted, without repeats. */
const set = (ids: readonly number[] = []) => [...new Set(ids)].sort()

describe('the order of readings (docs/ledger.md, "Ticks")', () => {
  const denied = contact({ consents: consents('withdrawn', '2') })

  it('has one that began after the stored one ended replace it', () => {
    const change = classify(denied, { before: stored() })
    expect(set(change?.touched)).toEqual([HOME])
    expect(change).toMatchObject({
      save: { consents: denied.consents, readFrom: LATER.from, readTo: LATER.to },
      doubtful: [],
      leaving: null,
      merged: null,
    })
  })

  it('drops one that ended before the stored one began', () => {
    expect(classify(denied, { before: stored() }, { window: EARLIER })).toBeNull()
  })

  it.each([
    ['begins in the stored one', OVERLAPPING],
    ['ends in it', { from: 8, to: 10 }],
    ['encloses it', { from: 9, to: 13 }],
    ['lies in it', { from: 11, to: 11 }],
  ])('leaves in doubt one that differs and %s', (_, window) => {
    const change = classify(denied, { before: stored() }, { window })
    expect(change?.save.consents).toEqual(denied.consents)
    expect(set(change?.doubtful)).toEqual([HOME])
    expect(set(change?.touched)).toEqual([HOME])
  })

  it('leaves in doubt every address of the record: a deny may be in one of two readings only', () => {
    const read = contact({ email: 'new@x.example', otherEmails: ['work@x.example'] })
    const known = { before: stored(), others: [other(OLD, true)] }
    const change = classify(read, known, { window: OVERLAPPING })
    expect(set(change?.doubtful)).toEqual([HOME, NEW, WORK, OLD])
  })
})

describe('a reading that says what is known', () => {
  it.each([
    ['later', LATER],
    ['earlier', EARLIER],
    ['overlapping', OVERLAPPING],
  ])('changes nothing (%s)', (_, window) => {
    expect(classify(contact(), { before: stored() }, { window })).toBeNull()
  })

  it('is noted as met where it is a complete listing, and touches nothing', () => {
    const known = { before: stored(), others: [other(WORK)] }
    const read = contact({ otherEmails: ['work@x.example'] })
    expect(classify(read, known, { listing: true })).toMatchObject({
      save: { readFrom: LATER.from },
      links: [{ addressId: WORK, denyOnly: false }],
      touched: [],
      leaving: null,
    })
  })

  it.each<[string, Partial<StoredCrmContact>, readonly SecondaryAddress[]]>([
    ['another version of the same value', { consents: consents('consent', '0') }, []],
    ['a value that was not to be read', { consents: consents(null) }, []],
    ['another primary address', { addressId: OLD }, []],
    ['a state of its own', { state: 'deactivated' }, []],
    ['an address field that held no address', { unusableAddress: true }, []],
    ['an address that was not told', { addressHidden: true }, []],
    ['an other address that is gone', {}, [other(OLD)]],
  ])('is another one after %s', (_, before, others) => {
    expect(classify(contact(), { before: stored(before), others })).not.toBeNull()
  })

  it('is another one where an other address only denies now', () => {
    const read = contact({ denyOnlyEmails: ['work@x.example'] })
    const change = classify(read, { before: stored(), others: [other(WORK)] })
    expect(change?.links).toEqual([{ crmContactId: 'ann', addressId: WORK, denyOnly: true }])
  })
})

describe('a record that is met first', () => {
  it('touches its address, and leaves none', () => {
    expect(classify(contact())).toMatchObject({ touched: [HOME], leaving: null, merged: null })
  })

  it('touches nothing without an address, and says whether its field holds something', () => {
    expect(classify(contact({ email: null }))).toMatchObject({
      save: { addressId: null, unusableAddress: false },
      touched: [],
    })
    expect(classify(contact({ email: 'to be asked' }))?.save).toMatchObject({
      addressId: null,
      unusableAddress: true,
    })
  })

  it.each(['deactivated', 'merged'] as const)(
    'when it was already %s leaves what it denied behind (F5)',
    (state) => {
      const change = classify(contact({ state, consents: consents('withdrawn') }))
      expect(change?.leaving).toEqual({
        before: change?.save,
        now: null,
        leavesPrimary: true,
        secondary: [],
      })
      expect(change?.merged).toEqual(
        state === 'merged' ? { before: null, record: change?.save } : null,
      )
    },
  )

  it('when it was already gone in the first complete listing is forgiven: it may be years ago', () => {
    const merged = contact({ state: 'merged', mergedInto: 'bob' })
    expect(classify(merged, {}, { listing: true })).toMatchObject({ leaving: null, merged: null })
  })

  it('when it was already gone in a later complete listing leaves: it was made since the former one', () => {
    const merged = contact({ state: 'merged', mergedInto: 'bob' })
    const change = classify(merged, {}, { listing: true, listedBefore: true })
    expect(change?.leaving).toMatchObject({ before: change?.save, leavesPrimary: true })
    expect(change?.merged).toEqual({ before: null, record: change?.save })
  })

  it('by two simultaneous readings is in doubt at every address', () => {
    const read = contact({ otherEmails: ['work@x.example'], denyOnlyEmails: ['old@x.example'] })
    const change = classify(read)!
    expect(set(addressesOfMetTwice([change], new Set(['ann'])))).toEqual([HOME, WORK, OLD])
    expect(addressesOfMetTwice([change], new Set(['bob']))).toEqual([])
  })
})

describe('a live record that leaves (F5)', () => {
  it('moves: both addresses are touched, and the old one is left', () => {
    const before = stored()
    const change = classify(contact({ email: 'new@x.example' }), { before })
    expect(set(change?.touched)).toEqual([HOME, NEW])
    expect(change?.leaving).toEqual({
      before,
      now: change?.save,
      leavesPrimary: true,
      secondary: [],
    })
    expect(change?.merged).toBeNull()
  })

  it('is deactivated: its address is left', () => {
    const change = classify(contact({ state: 'deactivated' }), { before: stored() })
    expect(change?.leaving).toMatchObject({ leavesPrimary: true, now: { state: 'deactivated' } })
  })

  it('is merged: what it denied goes on to the surviving record', () => {
    const before = stored()
    const change = classify(contact({ state: 'merged', mergedInto: 'bob' }), { before })
    expect(change?.merged).toEqual({ before, record: change?.save })
    expect(change?.save.mergedInto).toBe('bob')
    expect(change?.leaving?.leavesPrimary).toBe(true)
  })

  it('leaves nothing where it was not live before', () => {
    const before = stored({ state: 'deactivated' })
    const change = classify(contact({ state: 'merged', mergedInto: 'bob' }), { before })
    expect(change).toMatchObject({ leaving: null, merged: null })
  })

  it('loses a secondary address: that one is left, with what had arrived there', () => {
    const gone = { ...other(OLD), arrived: { marketingSendouts: '1' } }
    const read = contact({ otherEmails: ['work@x.example'] })
    const change = classify(read, { before: stored(), others: [other(WORK), gone] })
    expect(change?.leaving).toMatchObject({ leavesPrimary: false, secondary: [gone] })
    expect(set(change?.touched)).toEqual([HOME, OLD])
  })

  it('leaves nothing behind where an address only denied: the deny goes with the text', () => {
    expect(
      classify(contact(), { before: stored(), others: [other(OLD, true)] })?.leaving,
    ).toBeNull()
  })

  it('leaves no secondary address that becomes its primary one', () => {
    const read = contact({ email: 'work@x.example' })
    const change = classify(read, { before: stored(), others: [other(WORK)] })
    expect(change?.leaving).toMatchObject({ leavesPrimary: true, secondary: [] })
  })

  it('that is no longer live has no other addresses', () => {
    const read = contact({ state: 'deactivated', otherEmails: ['work@x.example'] })
    const change = classify(read, { before: stored(), others: [other(WORK)] })
    expect(change?.links).toEqual([])
    expect(change?.leaving?.secondary).toEqual([other(WORK)])
  })
})

describe('secondary addresses (C5)', () => {
  const both = contact({ otherEmails: ['work@x.example'] })

  it('are touched when they come', () => {
    expect(set(classify(both, { before: stored() })?.touched)).toEqual([HOME, WORK])
  })

  it('are left alone while the record allows, and what changes concerns its own address', () => {
    const read = { ...both, consents: consents('consent', '2') }
    const known = { before: stored(), others: [other(WORK)] }
    expect(set(classify(read, known)?.touched)).toEqual([HOME])
  })

  it.each([
    ['denies', 'consent', 'withdrawn'],
    ['denied', 'withdrawn', 'consent'],
  ] as const)('are touched while the record %s', (_, was, is) => {
    const read = { ...both, consents: consents(is, '2') }
    const known = { before: stored({ consents: consents(was) }), others: [other(WORK)] }
    expect(set(classify(read, known)?.touched)).toEqual([HOME, WORK])
  })
})

describe('what the CRM left out (B8)', () => {
  it('a primary address: the record stays where it was', () => {
    const read = contact({ email: null, emailUnreadable: true })
    const before = stored({ unusableAddress: true })
    expect(classify(read, { before })).toMatchObject({
      save: { addressId: HOME, addressHidden: true, unusableAddress: true },
      leaving: null,
    })
  })

  it('a primary address of a record that was never met: it is at none', () => {
    const read = contact({ email: null, emailUnreadable: true })
    expect(classify(read)?.save).toMatchObject({ addressId: null, addressHidden: true })
  })

  it.each(['emailUnreadable', 'otherEmailsUnreadable'] as const)(
    'some address (%s): none that it had is known to have gone',
    (hidden) => {
      const read = contact({ otherEmails: ['work@x.example'], [hidden]: true })
      const change = classify(read, { before: stored(), others: [other(OLD), other(NEW, true)] })
      expect(set(change?.links.map((link) => link.addressId))).toEqual([NEW, WORK, OLD])
      expect(change?.leaving).toBeNull()
    },
  )
})

describe('a contact that is no longer there', () => {
  const known = { before: stored(), others: [other(WORK), other(OLD, true)] }

  it('is deleted, and leaves its addresses', () => {
    expect(classifyDeletedContact(known, LATER)).toEqual({
      save: { ...known.before, state: 'deleted', readFrom: LATER.from, readTo: LATER.to },
      links: [],
      touched: [HOME, WORK],
      doubtful: [],
      leaving: { before: known.before, now: null, leavesPrimary: true, secondary: [other(WORK)] },
      merged: null,
    })
  })

  it('was read since: it stays', () => {
    expect(classifyDeletedContact(known, EARLIER)).toBeNull()
  })

  it('that is known to be deleted stays so', () => {
    const before = stored({ state: 'deleted' })
    expect(classifyDeletedContact({ before, others: [] }, LATER)).toBeNull()
  })

  it('that was not live leaves nothing behind', () => {
    const before = stored({ state: 'merged', addressId: null })
    expect(classifyDeletedContact({ before, others: [] }, LATER)).toMatchObject({
      leaving: null,
      touched: [],
    })
  })
})
