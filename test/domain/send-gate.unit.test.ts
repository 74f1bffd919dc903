import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { LEGAL_BASES } from '../../src/domain/legal-basis.js'
import {
  crmVerdictOf,
  excludedBecause,
  type GateCrm,
  type GateFacts,
} from '../../src/domain/send-gate.js'

const CRM: GateCrm = {
  verified: true,
  records: ['allows'],
  subscriptions: [true],
  storeWithdrawn: false,
  inDoubt: false,
  denyWaiting: false,
  ended: false,
}
const EMARKETEER: GateFacts['emarketeer'] = {
  verified: true,
  marketing: 'consent',
  store: 'none',
  subscribed: true,
  moved: false,
  mentions: [],
}
const FACTS: GateFacts = {
  channel: 'email',
  email: 'ann@example.com',
  addressMissing: false,
  mobile: null,
  transactional: false,
  asksCategory: true,
  emarketeer: EMARKETEER,
  crm: CRM,
}

function reason(
  emarketeer: Partial<GateFacts['emarketeer']>,
  crm: Partial<GateCrm> | null = {},
  facts: Partial<GateFacts> = {},
) {
  return excludedBecause({
    ...FACTS,
    ...facts,
    emarketeer: { ...EMARKETEER, ...emarketeer },
    crm: crm && { ...CRM, ...crm },
  })
}

describe('the send gate', () => {
  it('lets through whom both sides allow', () => {
    expect(reason({})).toBeNull()
    expect(reason({ marketing: 'legitimateInterest' })).toBeNull()
    expect(reason({}, null)).toBeNull()
  })

  it('gives the first reason that fits, in the order of the Checklist (G4)', () => {
    const worst = { verified: false, marketing: 'withdrawn', store: 'withdrawn' } as const
    const crm = { ended: true, storeWithdrawn: true, records: ['denies'] } as const
    const address = { email: 'not an address' }
    expect(reason(worst, crm, address)).toBe('notVerified')
    expect(reason({ ...worst, verified: true }, crm, address)).toBe('deletedInCrm')
    expect(reason({ ...worst, verified: true }, { ...crm, ended: false }, address)).toBe(
      'storeNotAllowed',
    )
    expect(reason({ marketing: 'withdrawn', subscribed: false }, {}, address)).toBe(
      'consentWithdrawn',
    )
    expect(reason({ marketing: 'none', subscribed: false }, {}, address)).toBe('noLegalBasis')
    expect(reason({ subscribed: false }, {}, address)).toBe('unsubscribedFromCategory')
    expect(reason({}, {}, address)).toBe('addressInvalid')
  })

  it('is closed by whatever either side, or a queue of ours, says against it (G5, G7)', () => {
    expect(reason({}, { verified: false })).toBe('notVerified')
    expect(reason({}, { records: ['allows', 'unreadable'] })).toBe('notVerified')
    expect(reason({}, { subscriptions: [null] })).toBe('notVerified')
    expect(reason({ subscribed: null })).toBe('notVerified')
    expect(reason({ marketing: 'unreadable' })).toBe('notVerified')
    expect(reason({ store: 'unreadable' })).toBe('notVerified')
    expect(reason({}, { storeWithdrawn: true })).toBe('storeNotAllowed')
    expect(reason({}, { records: ['allows', 'denies'] })).toBe('consentWithdrawn')
    expect(reason({}, { inDoubt: true })).toBe('consentWithdrawn')
    expect(reason({}, { denyWaiting: true })).toBe('consentWithdrawn')
    expect(reason({}, { records: ['silent'] })).toBe('noLegalBasis')
    expect(reason({}, { subscriptions: [true, false] })).toBe('unsubscribedFromCategory')
    expect(reason({ moved: true })).toBe('addressInvalid')
  })

  it('counts a deny under a text that names the address, and never an allow (rule A)', () => {
    const mention = {
      verified: true,
      marketing: 'consent',
      store: 'none',
      subscribed: true,
    } as const
    const naming = (more: object) => ({ mentions: [{ ...mention, ...more }] })
    expect(reason(naming({}))).toBeNull()
    expect(reason(naming({ marketing: 'none' }))).toBeNull()
    expect(reason(naming({ marketing: 'withdrawn' }))).toBe('consentWithdrawn')
    expect(reason(naming({ store: 'withdrawn' }))).toBe('storeNotAllowed')
    expect(reason(naming({ subscribed: false }))).toBe('unsubscribedFromCategory')
    expect(reason(naming({ verified: false }))).toBe('notVerified')
    expect(reason(naming({ marketing: 'unreadable' }))).toBe('notVerified')
    expect(reason(naming({ subscribed: null }))).toBe('notVerified')
    expect(reason({ marketing: 'none', ...naming({}) })).toBe('noLegalBasis')
    expect(reason({ subscribed: false, ...naming({}) })).toBe('unsubscribedFromCategory')
  })

  it('asks a transactional sendout neither for consent nor for a category (G8)', () => {
    const transactional = { transactional: true }
    expect(
      reason({ marketing: 'withdrawn', subscribed: false }, { records: ['denies'] }, transactional),
    ).toBeNull()
    expect(reason({ store: 'withdrawn' }, {}, transactional)).toBe('storeNotAllowed')
    expect(reason({}, {}, { ...transactional, email: null })).toBe('addressInvalid')
  })

  it.each([false, true])(
    'says of a contact without an address that it lacks one, transactional: %s (G4)',
    (transactional) => {
      const none = { email: null, addressMissing: true, transactional }
      expect(reason({ marketing: 'none', subscribed: false }, null, none)).toBe('addressInvalid')
      expect(reason({ verified: false }, null, none)).toBe('notVerified')
      // It is excluded whatever else is known, also under facts that contradict each other.
      expect(reason({}, {}, none)).toBe('addressInvalid')
      expect(reason({}, {}, { ...none, email: FACTS.email })).toBe('addressInvalid')
    },
  )

  it('says of a text that is no address first what eMarketeer holds under it (G4)', () => {
    const text = { email: null, addressMissing: false }
    expect(reason({ marketing: 'none' }, {}, text)).toBe('noLegalBasis')
    expect(reason({ subscribed: false }, {}, text)).toBe('unsubscribedFromCategory')
    expect(reason({}, {}, text)).toBe('addressInvalid')
  })

  it('asks an SMS for a number, and for the basis that only an e-mail address can have (G8)', () => {
    const sms = { channel: 'sms', mobile: '+46 73 000 111' } as const
    expect(reason({}, {}, sms)).toBeNull()
    const addressless = { ...sms, email: null, addressMissing: true }
    expect(reason({ marketing: 'none' }, null, addressless)).toBe('noLegalBasis')
    expect(reason({}, {}, addressless)).toBe('noLegalBasis')
    expect(reason({}, {}, { ...sms, mobile: 'x' })).toBe('addressInvalid')
    expect(reason({ moved: true }, {}, sms)).toBe('addressInvalid')
  })

  it('never opens by knowing less (I12)', () => {
    const basis = fc.constantFrom(...LEGAL_BASES)
    const facts = fc.record({
      emarketeer: fc.record({
        verified: fc.boolean(),
        marketing: basis,
        store: basis,
        subscribed: fc.constantFrom(true, false, null),
        moved: fc.boolean(),
        mentions: fc.array(
          fc.record({
            verified: fc.boolean(),
            marketing: basis,
            store: basis,
            subscribed: fc.constantFrom(true, false, null),
          }),
          { maxLength: 2 },
        ),
      }),
      crm: fc.record({
        verified: fc.boolean(),
        records: fc.array(fc.constantFrom('allows', 'denies', 'silent', 'unreadable'), {
          maxLength: 3,
        }),
        subscriptions: fc.array(fc.constantFrom(true, false, null), { maxLength: 3 }),
        storeWithdrawn: fc.boolean(),
        inDoubt: fc.boolean(),
        denyWaiting: fc.boolean(),
        ended: fc.boolean(),
      }),
    })
    fc.assert(
      fc.property(facts, ({ emarketeer, crm }) => {
        const open = reason(emarketeer, crm) === null
        const lessKnown = [
          reason({ ...emarketeer, verified: false }, crm),
          reason({ ...emarketeer, marketing: 'unreadable' }, crm),
          reason({ ...emarketeer, subscribed: null }, crm),
          reason(emarketeer, { ...crm, verified: false }),
          reason(emarketeer, { ...crm, records: [...crm.records, 'unreadable'] }),
        ]
        expect(lessKnown.every((why) => why !== null)).toBe(true)
        const positive = emarketeer.marketing !== 'none' && emarketeer.marketing !== 'withdrawn'
        expect(open && !(positive && emarketeer.subscribed === true)).toBe(false)
        const unnamed = reason({ ...emarketeer, mentions: [] }, crm) === null
        expect(open && !unnamed).toBe(false)
      }),
      { numRuns: 10_000, verbose: true },
    )
  })
})

describe('a live record', () => {
  const isBasis = () => true
  const isNone = () => false

  it.each([
    ['deny', true, isBasis, 'denies'],
    ['withdrawn', false, isNone, 'denies'],
    ['allow', true, isBasis, 'allows'],
    ['consent', true, isNone, 'silent'],
    ['none', true, isBasis, 'silent'],
    ['consent', false, isNone, 'allows'],
    ['none', false, isBasis, 'allows'],
  ] as const)('with %s, the oldest: %s, says (C2, C5)', (value, isOldest, counts, said) => {
    expect(crmVerdictOf(value, isOldest, counts)).toBe(said)
  })
})
