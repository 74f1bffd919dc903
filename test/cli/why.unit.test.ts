import { describe, expect, it } from '@jest/globals'
import { storyOf } from '../../src/app/why/event-story.js'
import { explain, type CellState, type WhyFacts } from '../../src/app/why/explanation.js'
import { explanationText } from '../../src/cli/commands/why.js'
import type { DecisionInputs } from '../../src/domain/reconcile/types.js'
import type { RecordedConsentEvent } from '../../src/ledger/evidence/consent-events.js'

const INPUTS: DecisionInputs = {
  emarketeerMoved: false,
  crmMoved: true,
  recordSetChanged: false,
  emarketeerMaybeOurs: false,
  crmMaybeOurs: false,
  laterEmarketeer: false,
  laterCrm: false,
  proof: 'none',
  seenEpochIsCurrent: true,
  carriedDeny: false,
  inheritedDeny: false,
}

const at = (text: string) => Date.parse(`2026-11-21T${text}Z`)

/** A CRM user denies; eMarketeer follows (B4). */
const OPT_OUT: RecordedConsentEvent = {
  addressId: 1,
  cellKey: 'marketingSendouts',
  line: 'T2',
  inputs: INPUTS,
  ambiguous: false,
  movedSide: 'crm',
  emarketeerOld: 'legitimateInterest',
  emarketeerNew: 'withdrawn',
  crmOld: 'deny',
  crmNew: 'deny',
  actorType: 'crmUser',
  actorId: 'user-1',
  actedFromMs: at('09:00:00'),
  actedToMs: at('09:30:00'),
  evidence: 'import',
  replacedBasis: null,
  trigger: 'webhook',
  workflowId: 'inbox/acme/2',
  recordedAt: new Date(at('09:30:01')),
  outcomes: [{ side: 'emarketeer', outcome: 'applied', recordId: '77' }],
}

/** A CRM user allows; eMarketeer gets a Consent without evidence (B5). */
const FLIP: RecordedConsentEvent = {
  ...OPT_OUT,
  line: 'T3',
  inputs: { ...INPUTS, laterCrm: true, proof: 'version' },
  emarketeerOld: 'withdrawn',
  emarketeerNew: 'consent',
  crmOld: 'allow',
  crmNew: 'allow',
  evidence: 'none, set by CRM user user-1',
  replacedBasis: 'legitimateInterest',
}

const NAMES = new Map([['c1', 'Newsletters']])
const sentences = (change: Partial<RecordedConsentEvent>, of = OPT_OUT) =>
  storyOf({ ...of, ...change }, NAMES).sentences

describe('an event is told', () => {
  it('with who moved, what moved, by which rule, where, and what became of it', () => {
    expect(sentences({})).toEqual([
      'Marketing sendouts: moved in the CRM, by CRM user user-1, between 2026-11-21T09:00:00.000Z and 2026-11-21T09:30:00.000Z.',
      'eMarketeer Legitimate interest → Withdrawn; CRM stays Do not allow.',
      'Rule T2: the CRM was changed to a deny and eMarketeer was not touched since, so eMarketeer follows.',
      'Decided by a webhook, in workflow inbox/acme/2.',
      'eMarketeer contact 77: written.',
    ])
  })

  it('with the evidence that there is none, and the basis replaced (B5)', () => {
    expect(sentences({}, FLIP)).toContain(
      'Consent, evidence: none, set by CRM user user-1, replaced Legitimate interest.',
    )
    expect(sentences({}, FLIP)).toContain(
      'Rule T3: eMarketeer denied and the CRM was set to allow later, proven by the versions of both sides, so eMarketeer follows.',
    )
  })

  it('without evidence where eMarketeer did not get a positive basis', () => {
    expect(sentences({}).join()).not.toContain('evidence')
  })

  it('in the words of a subscription', () => {
    const told = sentences({
      cellKey: 'category:c1',
      movedSide: 'emarketeer',
      emarketeerOld: 'withdrawn',
      emarketeerNew: 'withdrawn',
      crmOld: 'allow+deny',
      crmNew: 'deny',
      line: 'T3',
      actorType: 'dataSubject',
      actorId: null,
      actedToMs: at('09:00:00'),
      outcomes: [{ side: 'crm', outcome: 'conflict', recordId: 'row-1' }],
    })
    expect(told[0]).toBe(
      'Subscription “Newsletters”: moved in eMarketeer, by the person, at 2026-11-21T09:00:00.000Z.',
    )
    expect(told[1]).toBe('eMarketeer stays No; CRM Yes and No → No.')
    expect(told.at(-1)).toBe('CRM record row-1: lost a race, read and decided again immediately.')
  })

  it('with what spoiled the proof, and whose deny counted', () => {
    const told = sentences({
      ambiguous: true,
      actorId: null,
      actedFromMs: null,
      inputs: {
        ...INPUTS,
        carriedDeny: true,
        inheritedDeny: true,
        recordSetChanged: true,
        seenEpochIsCurrent: false,
        crmMoved: null,
      },
    })
    expect(told).toMatchSnapshot()
  })

  it.each(['T1', 'T2', 'T3', 'T4', 'R0', 'R1', 'R2', 'R3', 'R4'] as const)(
    'by rule %s, with and without proof',
    (line) => {
      const rule = (inputs: Partial<DecisionInputs>, change: Partial<RecordedConsentEvent> = {}) =>
        sentences({ line, inputs: { ...INPUTS, ...inputs }, ...change }).find((sentence) =>
          sentence.startsWith('Rule'),
        )
      expect([
        rule({}),
        rule({ crmMoved: false, emarketeerMoved: true }),
        rule({ crmMoved: null, emarketeerMoved: null }),
        rule({ laterCrm: true, proof: 'stamp' }, { emarketeerNew: 'consent' }),
        rule({ laterEmarketeer: true, proof: 'version' }),
      ]).toMatchSnapshot()
    },
  )
})

const MARKETING: CellState = {
  cell: 'marketingSendouts',
  synced: true,
  emarketeer: {
    value: 'withdrawn',
    since: '2026-11-21T09:30:00.000Z',
    source: 'crmDynamics',
    actor: 'crmUser:user-1',
  },
  crm: [{ recordId: 'rec-1', value: 'deny', carriedDeny: false }],
  departedDeny: false,
  loosening: null,
}

const FACTS: WhyFacts = {
  connectionId: 'acme-dynamics',
  email: 'bo@example.test',
  asOf: { emarketeer: '2026-11-21T10:00:01.000Z', crm: '2026-11-21T10:00:00.000Z' },
  emarketeerContactId: '77',
  crmContactIds: ['rec-1'],
  cells: [MARKETING],
  basisMappingKey: 'superoffice.legalBases',
  categoryNames: NAMES,
  disagreements: [],
  secondaryHolders: [],
  mentions: [],
  excluded: 'consentWithdrawn',
  events: [OPT_OUT],
}

it('reports a deny whose record has left, and the way back (F5)', () => {
  const allows = { ...MARKETING.emarketeer, value: 'consent' }
  const crm = [{ recordId: 'rec-2', value: 'allow', carriedDeny: false }]
  const cells = [{ ...MARKETING, emarketeer: allows, crm, departedDeny: true }]
  const told = explain({ ...FACTS, cells })
  expect(told.state[0]!.sentences[1]).toMatch(
    /^A CRM record that denied, or whose deny our write may hide, has left this address/,
  )
  expect(told.wayBack).not.toBeNull()
})

describe("a basis of the tenant's own (C2)", () => {
  it('is shown by its key, with what the file makes of it', () => {
    const of = (standsFor: 'contract' | null) => {
      const crm = [{ recordId: '4711', value: 'tenant:CUSTAGR', carriedDeny: false, standsFor }]
      const cells = [
        { ...MARKETING, emarketeer: { ...MARKETING.emarketeer, value: 'consent' }, crm },
      ]
      return explain({ ...FACTS, cells, excluded: 'noLegalBasis' })
    }
    const [state, unmapped] = of(null).state[0]!.sentences
    expect(state).toMatch(/CRM: the tenant's own basis CUSTAGR \(4711\)\.$/)
    expect(unmapped).toBe(
      'CUSTAGR of CRM record 4711 is a basis that the tenant made, and superoffice.legalBases does not map it: it is ' +
        'neither synced nor mailed, and only a withdrawal in eMarketeer is written over it.',
    )
    expect(of(null).gate.sentence).toContain('or the CRM none that counts')
    expect(of(null).wayBack).toBeNull()
    expect(of('contract').state[0]!.sentences[1]).toBe(
      'CUSTAGR of CRM record 4711 is a basis that the tenant made; superoffice.legalBases says that it stands for Contract.',
    )
  })

  it('is shown where a withdrawal was written over it', () => {
    const told = sentences({ line: 'R5', crmOld: 'tenant:CUSTAGR', crmNew: 'withdrawn' })
    expect(told[1]).toContain("CRM the tenant's own basis CUSTAGR → Withdrawn.")
    expect(told[2]).toBe(
      'Rule R5: the CRM holds a basis of the tenant’s own that the connection file does not map; only a withdrawal is ' +
        'written over it.',
    )
  })
})

describe('a contact is explained', () => {
  it('with its state, the gate, the way back and its history', () => {
    expect(explanationText(explain(FACTS))).toMatchSnapshot()
  })

  it('shows the way back wherever something denies, and only there', () => {
    const allowed: CellState = {
      ...MARKETING,
      emarketeer: { ...MARKETING.emarketeer, value: 'consent' },
      crm: [{ recordId: 'rec-1', value: 'allow', carriedDeny: false }],
    }
    const wayBack = (cell: CellState) => explain({ ...FACTS, cells: [cell] }).wayBack
    expect(wayBack(MARKETING)).toContain('a new act by the person, or by a user in either system')
    expect(wayBack(allowed)).toBeNull()
    const carried = { ...allowed, crm: [{ recordId: 'rec-1', value: 'allow', carriedDeny: true }] }
    expect(wayBack(carried)).not.toBeNull()
  })

  it('reports a mailable contact without history, and what waits', () => {
    const held = { ...MARKETING, loosening: 'held' }
    const explanation = explain({ ...FACTS, cells: [held], excluded: null, events: [] })
    expect(explanation.gate).toMatchObject({ eligible: true, reason: null })
    expect(explanation.state[0]?.sentences).toContain(
      'A change that would make the contact mailable is held for approval (lbsync held).',
    )
    expect(explanationText(explanation)).toContain('Nothing was ever written for this contact.')
  })

  it('says where a purpose is not synced, and where nobody is', () => {
    const store: CellState = { ...MARKETING, cell: 'storeAndProcess', synced: false, crm: [] }
    const explanation = explain({ ...FACTS, emarketeerContactId: null, cells: [store] })
    expect(explanation.state[0]?.sentences).toEqual([
      'Store and process. eMarketeer: nobody there. CRM: not synced.',
    ])
  })

  it('reports where CRM records disagree, and who else has the address', () => {
    const explanation = explain({
      ...FACTS,
      cells: [MARKETING],
      disagreements: [
        { purpose: 'marketingSendouts', withdrawn: 1, others: 2 },
        { purpose: 'storeAndProcess', withdrawn: 9, others: 9 },
      ],
      secondaryHolders: [
        { recordId: 'rec-9', denyOnly: false, withdrawn: ['marketingSendouts'] },
        { recordId: 'rec-7', denyOnly: true, withdrawn: ['marketingSendouts'] },
        { recordId: 'rec-8', denyOnly: false, withdrawn: [] },
      ],
      mentions: [{ withdrawn: ['storeAndProcess'] }, { withdrawn: ['marketingSendouts'] }],
    })
    const [, ...told] = explanation.state[0]!.sentences
    expect(told).toEqual([
      expect.stringContaining('disagree: 1 withdrawn, 2 not'),
      expect.stringContaining('further address of CRM record rec-9, which is withdrawn'),
      expect.stringContaining('decorated field of CRM record rec-7, which is withdrawn'),
      expect.stringContaining('in eMarketeer that holds several or decorated addresses'),
    ])
  })
})
