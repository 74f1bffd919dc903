import { describe, expect, it } from '@jest/globals'
import { decideBatch, type DecidedCell } from '../../../src/sync/pass/decide-cells.js'
import { consentEventOf, contactsBehind, describeAct } from '../../../src/sync/pass/evidence.js'
import {
  BASES,
  batch,
  cell,
  connection,
  consent,
  contact,
  openCrm,
  settled,
  subscription,
  TOGGLES,
  view,
} from '../support/views.js'

const SEEN_MS = Date.UTC(2026, 0, 1)
const ACT_MS = Date.UTC(2026, 0, 2)
const NOW_MS = Date.UTC(2026, 0, 3)
const RUN = { runId: 'run', connectionId: 'acme', trigger: 'webhook', workflowId: 'w' } as const

const decide = (here: ReturnType<typeof view>, capabilities = TOGGLES): DecidedCell =>
  decideBatch(batch([here]), openCrm(capabilities)).cells[0]!

const flipped = (value: 'allow' | 'deny') =>
  contact(value, { consents: { marketingSendouts: consent(value, { version: '2' }) } })

/** A CRM user denied, after both sides were seen to allow. */
const DENIED = decide(
  view({
    contacts: [flipped('deny')],
    cells: [{ ...settled(cell('consent'), contact('allow')), seenAtMs: SEEN_MS }],
  }),
)
/** A CRM user allowed, after both sides were seen to deny. */
const ALLOWED = decide(
  view({
    contacts: [flipped('allow')],
    cells: [{ ...settled(cell('withdrawn'), contact('deny')), seenAtMs: SEEN_MS }],
  }),
)
/** The contact withdrew in eMarketeer, after both sides were seen to allow. */
const WITHDRAWN = decide(
  view({
    contacts: [contact('allow')],
    cells: [
      {
        ...settled(cell('consent'), contact('allow')),
        basis: 'withdrawn',
        version: 2,
        eventAtMs: ACT_MS,
        recordedAtMs: ACT_MS + 1,
        actor: 'user:17',
        source: 'unsubscribe',
      },
    ],
  }),
)

describe('the act behind a write to eMarketeer', () => {
  it('of a deny is given its latest possible moment: a later one can only make a loosening harder', () => {
    expect(describeAct(DENIED, null, NOW_MS)).toMatchObject({
      eventTimeMs: NOW_MS,
      fromMs: SEEN_MS,
      toMs: NOW_MS,
      comment:
        'Bulk Email set to Do not allow between 2026-01-01T00:00:00.000Z and 2026-01-03T00:00:00.000Z',
    })
  })

  it('of an Allow is given its earliest possible moment, and says that it is nobody’s evidence (B5)', () => {
    expect(describeAct(ALLOWED, null, NOW_MS)).toMatchObject({
      eventTimeMs: SEEN_MS,
      comment:
        'Bulk Email set to Allow between 2026-01-01T00:00:00.000Z and 2026-01-03T00:00:00.000Z; evidence: none, replaces withdrawn',
    })
  })

  it('has the exact moment, and who it was, where field history has it', () => {
    const act = { userId: 'sven', atMs: ACT_MS }
    for (const one of [DENIED, ALLOWED]) {
      const described = describeAct(one, act, NOW_MS)
      expect(described).toMatchObject({
        eventTimeMs: ACT_MS,
        actor: { type: 'crmUser', id: 'sven', name: null },
      })
      expect(described.comment).toContain('at 2026-01-02T00:00:00.000Z')
    }
  })

  it('was before now, where nothing was ever seen', () => {
    const first = decide(view({ contacts: [contact('deny')], cells: [cell('none', 0)] }))
    expect(describeAct(first, null, NOW_MS)).toMatchObject({
      fromMs: null,
      comment: 'Bulk Email set to Do not allow before 2026-01-03T00:00:00.000Z',
    })
  })

  it('of a subscription has no comment: eMarketeer takes none', () => {
    const here = view({
      contacts: [contact('allow')],
      subscriptions: [subscription(false)],
      cells: [{ ...cell('consent'), cellKey: 'category:news' }],
    })
    const only = batch([here], { connection: connection({ legalBasisSync: false }) })
    const [no] = decideBatch(only, openCrm(TOGGLES)).cells
    expect(describeAct(no!, null, NOW_MS).comment).toBeNull()
    expect(contactsBehind(no!)).toEqual(['ann'])
  })
})

describe('the act behind a rich CRM’s row', () => {
  const rich = (onlyInserted: boolean, lastWriter: 'user' | 'us' = 'user') => {
    const cellOf = decide(
      view({
        contacts: [
          contact(null, {
            consents: { marketingSendouts: consent('withdrawn', { version: '2', lastWriter }) },
          }),
        ],
        cells: [{ ...cell('consent'), seenAtMs: SEEN_MS }],
      }),
      BASES,
    )
    const [record] = cellOf.observation.records
    const stamped = { ...record!, onlyInserted, stamp: { atMs: ACT_MS, epsMs: 1_000 } }
    const inputs = { ...cellOf.decision.inputs, rowTime: 'unknown' as const }
    return {
      ...cellOf,
      observation: { ...cellOf.observation, records: [stamped] },
      decision: { ...cellOf.decision, inputs },
    }
  }

  it('was at its stamp at the latest', () => {
    expect(describeAct(rich(false), null, NOW_MS)).toMatchObject({
      fromMs: SEEN_MS,
      toMs: ACT_MS + 1_000,
      eventTimeMs: ACT_MS + 1_000,
    })
  })

  it('and not before it, where that is its one write', () => {
    expect(describeAct(rich(true), null, NOW_MS)).toMatchObject({
      fromMs: ACT_MS - 1_000,
      toMs: ACT_MS + 1_000,
    })
  })

  it('has no time where the row is ours', () => {
    expect(describeAct(rich(true, 'us'), null, NOW_MS)).toMatchObject({
      fromMs: SEEN_MS,
      toMs: NOW_MS,
    })
  })

  it('says that the basis stands in the CRM', () => {
    expect(describeAct(rich(false), null, NOW_MS).comment).toContain(
      'Legal basis set to withdrawn in the CRM',
    )
  })
})

describe('the event of a decision that writes (F6)', () => {
  it('names the run, the line, and what stood and is to stand on both sides', () => {
    expect(consentEventOf(DENIED, null, RUN, NOW_MS)).toMatchObject({
      ...RUN,
      addressId: 7,
      cellKey: 'marketingSendouts',
      line: 'T2',
      emarketeerOld: 'consent',
      emarketeerNew: 'withdrawn',
      crmOld: 'deny',
      crmNew: 'deny',
    })
  })

  it('of a deny in the CRM rests on no source of eMarketeer', () => {
    expect(consentEventOf(DENIED, { userId: 'sven', atMs: ACT_MS }, RUN, NOW_MS)).toMatchObject({
      movedSide: 'crm',
      actorType: 'crmUser',
      actorId: 'sven',
      actedFromMs: ACT_MS,
      actedToMs: ACT_MS,
      evidence: null,
      replacedBasis: null,
    })
  })

  it('of an Allow in the CRM says what it replaces, and that there is no evidence', () => {
    expect(consentEventOf(ALLOWED, { userId: 'sven', atMs: null }, RUN, NOW_MS)).toMatchObject({
      emarketeerNew: 'consent',
      evidence: 'none, set by CRM user sven',
      replacedBasis: 'withdrawn',
    })
    expect(consentEventOf(ALLOWED, null, RUN, NOW_MS).evidence).toBe(
      'none, set by CRM user unknown',
    )
  })

  it('of an act in eMarketeer is that act: who, when, by what', () => {
    expect(consentEventOf(WITHDRAWN, null, RUN, NOW_MS)).toMatchObject({
      movedSide: 'emarketeer',
      actorType: 'user',
      actorId: '17',
      actedFromMs: ACT_MS,
      actedToMs: ACT_MS + 1,
      evidence: 'unsubscribe',
      replacedBasis: null,
      crmNew: 'deny',
    })
  })
})
