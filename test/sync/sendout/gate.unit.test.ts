import { describe, expect, it } from '@jest/globals'
import type { CrmCapabilities } from '../../../src/crm/crm.js'
import type { GateCrm, GateFacts } from '../../../src/domain/send-gate.js'
import { NOTHING_MAPPED } from '../../../src/domain/tenant-basis.js'
import type { StoredCrmContact } from '../../../src/ledger/copy/crm-mirror-rows.js'
import type { SendoutMember } from '../../../src/ledger/sendout/sendout-members.js'
import type { SendoutRun } from '../../../src/ledger/sendout/sendouts.js'
import { UNKNOWN_EMAIL } from '../../../src/emarketeer/index.js'
import { type GateContext, crmOf, withNamed } from '../../../src/sync/sendout/gate/gate-crm.js'
import { gateFactsOf } from '../../../src/sync/sendout/gate/gate-facts.js'
import type { AddressView } from '../../../src/sync/view/address-view.js'
import {
  ADDRESS_ID,
  BASES,
  batch,
  cell,
  connection,
  consent,
  contact,
  holder,
  secondaryAddresses,
  settled,
  subscription,
  TOGGLES,
  view,
} from '../support/views.js'

/** A sendout that was requested at tick 15 for the category `news`; the copy was read between 20 and 22. */
const RUN: SendoutRun = {
  sendoutRunId: 'run',
  sendoutId: 'spring',
  stage: 'send',
  run: 1,
  accountId: '1',
  connectionId: 'acme',
  connectionEpoch: 1,
  crm: 'dynamics',
  workflowId: 'w',
  channel: 'email',
  categoryId: 'news',
  transactional: false,
  audienceId: null,
  targeted: 1,
  askedTick: 15,
  askedAt: null,
  deadline: new Date(0),
  outcome: null,
  result: null,
}

function context(more: Partial<Omit<GateContext, 'run'>> & { run?: Partial<SendoutRun> } = {}) {
  const { run, ...rest } = more
  return {
    run: { ...RUN, ...run },
    batch: batch([]),
    capabilities: TOGGLES,
    waitingDenies: new Set<string>(),
    waitingDeniesAt: new Set<number>(),
    heldAddresses: new Set<number>(),
    namedAt: () => [],
    currentAddressOf: new Map([['501', ADDRESS_ID]]),
    mustBeFresh: true,
    basisMapping: NOTHING_MAPPED,
    ...rest,
  } satisfies GateContext
}

const crm = (here: AddressView, more: Parameters<typeof context>[0] = {}): GateCrm => {
  const given = context(more)
  return crmOf(given, given.capabilities ?? TOGGLES, here)
}
const rich = (here: AddressView, more: Parameters<typeof context>[0] = {}) =>
  crm(here, { capabilities: BASES, ...more })

const ann = contact('allow')
const withStore = (
  marketing: Parameters<typeof consent>[0],
  store: Parameters<typeof consent>[0] = 'consent',
  more: Parameters<typeof consent>[1] = {},
) =>
  contact(null, {
    consents: {
      marketingSendouts: consent(marketing, more),
      storeAndProcess: consent(store, more),
    },
  })

describe('whether the CRM is verified (G2)', () => {
  const here = view({ contacts: [ann] })

  it('it is where the address was read after the sendout asked', () => {
    expect(crm(here).verified).toBe(true)
    expect(crm(here, { run: { askedTick: 20 } }).verified).toBe(false)
    expect(crm(here, { run: { askedTick: null } }).verified).toBe(false)
  })

  it('or a complete delta began after it', () => {
    const proven = {
      run: { askedTick: 25 },
      batch: batch([], { connection: connection({ crmProvenTick: 26 }) }),
    }
    expect(crm(here, proven).verified).toBe(true)
    const partial: CrmCapabilities = { ...TOGGLES, completeDelta: false }
    expect(crm(here, { ...proven, capabilities: partial }).verified).toBe(false)
  })

  it('when the list is read, what was proven then suffices', () => {
    expect(crm(here, { run: { askedTick: 40 }, mustBeFresh: false }).verified).toBe(true)
  })

  it.each([
    ['two readings overlap and differ', view({ contacts: [ann], row: { crmDoubtful: true } })],
    [
      'a further address of a record is unread',
      view({ secondaryAddresses: [secondaryAddresses([], { unread: true })] }),
    ],
  ])('it is not where %s, whenever it was read', (_, doubtful) => {
    expect(crm(doubtful).verified).toBe(false)
    expect(crm(doubtful, { mustBeFresh: false }).verified).toBe(false)
  })

  it('it is not where a CRM that holds storeAndProcess does not show it, of a secondary holder neither', () => {
    expect(rich(view({ contacts: [withStore('consent')] })).verified).toBe(true)
    expect(rich(view({ contacts: [withStore('consent', null)] })).verified).toBe(false)
    expect(rich(view({ secondaryHolders: [holder('consent')] })).verified).toBe(false)
  })
})

describe('what the records say', () => {
  it('allow or deny, each', () => {
    const bob = contact('deny', { crmContactId: 'bob' })
    expect(crm(view({ contacts: [ann, bob] })).records).toEqual(['allows', 'denies'])
  })

  it('unreadable where one cannot be read', () => {
    const bob = contact(null, { crmContactId: 'bob' })
    expect(crm(view({ contacts: [ann, bob] })).records).toEqual(['unreadable'])
  })

  it('silent where the oldest has no basis; of the younger ones only a withdrawal counts (C5)', () => {
    const bob = { ...withStore('none'), crmContactId: 'bob' }
    expect(rich(view({ contacts: [withStore('consent'), bob] })).records).toEqual([
      'allows',
      'allows',
    ])
    expect(rich(view({ contacts: [bob, withStore('consent')] })).records).toEqual([
      'silent',
      'allows',
    ])
  })

  it('a secondary holder denies or says nothing, and never allows (A, B8, C5)', () => {
    const secondaryHolders = (value: Parameters<typeof holder>[0], denyOnly = false) =>
      crm(view({ contacts: [ann], secondaryHolders: [holder(value, { denyOnly })] })).records
    expect(secondaryHolders('deny')).toEqual(['allows', 'denies'])
    expect(secondaryHolders('deny', true)).toEqual(['allows', 'denies'])
    expect(secondaryHolders('allow')).toEqual(['allows'])
    expect(secondaryHolders(null)).toEqual(['allows', 'unreadable'])
  })
})

describe('answers to the category', () => {
  const here = (...rows: readonly ReturnType<typeof subscription>[]) =>
    view({ contacts: [ann], subscriptions: rows })

  it('are the rows of the category, and those of one that is unknown', () => {
    const unknown = subscription(null, { rowId: 'b', categoryId: '' })
    const offers = subscription(false, { rowId: 'c', categoryId: 'offers' })
    expect(crm(here(subscription(true), unknown, offers)).subscriptions).toEqual([true, null])
  })

  it('are not asked for without a category, and where subscriptions are not kept in step', () => {
    const no = here(subscription(false))
    expect(crm(no, { run: { categoryId: null } }).subscriptions).toEqual([])
    const off = batch([], { connection: connection({ subscriptionSync: false }) })
    expect(crm(no, { batch: off }).subscriptions).toEqual([])
    expect(crm(no, { capabilities: { ...TOGGLES, subscriptions: false } }).subscriptions).toEqual(
      [],
    )
  })

  it('of a record at whose other address only a deny counts: its No, not its Yes', () => {
    const answers = (subscribed: boolean | null) =>
      crm(view({ contacts: [ann], denyOnlySubscriptions: [subscription(subscribed)] }))
        .subscriptions
    expect(answers(false)).toEqual([false])
    expect(answers(null)).toEqual([null])
    expect(answers(true)).toEqual([])
  })

  it('are No where a No follows the person, or left with its record (F5)', () => {
    const yes = here(subscription(true))
    const carried = { ...yes, carriedDenies: new Set(['ann category:news']) }
    expect(crm(carried).subscriptions).toEqual([false, true])
    const left = { recordId: 'gone', value: 'deny', version: '1', want: null, left: true } as const
    const news = cell('consent', 1, { cellKey: 'category:news', departed: [left] })
    const departed = { ...yes, cells: new Map([[news.cellKey, news]]) }
    expect(crm(departed).subscriptions).toEqual([false, true])
  })
})

/** An observation without records, as a pass stores it. */
const SEEN = { basis: 'consent', version: 1, epoch: 1, records: [] }

describe('a deny that waits (G7)', () => {
  const here = view({ contacts: [ann], secondaryHolders: [holder('allow')] })
  const waits = (one: AddressView, more: Parameters<typeof context>[0] = {}) =>
    crm(one, more).denyWaiting

  it('there is none at rest', () => {
    expect(waits(here)).toBe(false)
  })

  it.each<[string, Parameters<typeof context>[0]]>([
    ['in the inbox, of a record', { waitingDenies: new Set(['ann']) }],
    ['in the inbox, of a secondary holder', { waitingDenies: new Set(['gil']) }],
    [
      'in the inbox, that gives the address to a record',
      { waitingDeniesAt: new Set([ADDRESS_ID]) },
    ],
    ['over which a loosening is held', { heldAddresses: new Set([ADDRESS_ID]) }],
  ])('%s', (_, more) => {
    expect(waits(here, more)).toBe(true)
  })

  it.each(['ann', 'gil'])('that follows %s from elsewhere', (id) => {
    const carriedDenies = new Set([`${id} marketingSendouts`])
    expect(waits({ ...here, carriedDenies })).toBe(true)
    expect(waits({ ...here, carriedDenies: new Set([`${id} storeAndProcess`]) })).toBe(false)
  })

  it('that a record left behind, until a pass takes it over', () => {
    const left = { recordId: 'gone', value: 'deny', version: '1', want: null, left: true } as const
    const at = (departed: readonly (typeof left)[]) => {
      const row = { ...settled(cell('consent'), ann), departed }
      return waits(view({ contacts: [ann], cells: [row] }))
    }
    expect(at([left])).toBe(true)
    expect(at([])).toBe(false)
  })

  it.each<[string, object]>([
    ['observation is a number', { seen: 7 }],
    ['observation is a list', { seen: [] }],
    ['observed records are missing', { seen: { ...SEEN, records: undefined } }],
    ['observed records are not records', { seen: { ...SEEN, records: [7] } }],
    ['observed records have no id', { seen: { ...SEEN, records: [{ value: 'deny' }] } }],
    ['departed denies are no list', { departed: {} }],
    ['departed denies are not records', { departed: ['ann'] }],
    ['open Allows are missing', { openAllow: null }],
    ['open Allows are a number', { openAllow: 7 }],
    ['open Allows are a list', { openAllow: [] }],
    ['open Allow has no guard', { openAllow: { ann: 7 } }],
  ])('cannot be known where the stored %s, so the gate throws', (_what, memory) => {
    const row = { ...settled(cell('consent'), ann), ...memory }
    expect(() => waits(view({ contacts: [ann], cells: [row] }))).toThrow(TypeError)
  })
})

describe('storeAndProcess, in a CRM that holds it', () => {
  const denied = (here: AddressView, more: Parameters<typeof context>[0] = {}) =>
    rich(here, more).storeWithdrawn
  const allowed = view({ contacts: [withStore('consent')] })

  it('is withdrawn where a record or a secondary holder says so', () => {
    expect(denied(allowed)).toBe(false)
    const gone = withStore('consent', 'withdrawn')
    expect(denied(view({ contacts: [gone] }))).toBe(true)
    expect(denied({ ...allowed, secondaryHolders: [holder(null, { contact: gone })] })).toBe(true)
  })

  it('is withdrawn where that follows the person', () => {
    expect(denied({ ...allowed, carriedDenies: new Set(['ann storeAndProcess']) })).toBe(true)
  })

  it('is taken for withdrawn by a transactional sendout while a hint waits: it does not say which', () => {
    const hint = { waitingDenies: new Set(['ann']) }
    expect(denied(allowed, hint)).toBe(false)
    expect(denied(allowed, { ...hint, run: { transactional: true } })).toBe(true)
  })

  it('is not asked of Dynamics (B8)', () => {
    expect(crm(view({ contacts: [withStore('allow', 'withdrawn')] })).storeWithdrawn).toBe(false)
  })
})

describe('doubt (R0): an answer may lie under a write of ours', () => {
  // We read version 1 and were about to write consent, which makes it version 2.
  const seen = {
    basis: 'consent',
    version: 1,
    epoch: 1,
    records: [{ recordId: 'ann', value: 'withdrawn', version: '1', want: 'consent' }],
  } as const
  const row = cell('consent', 1, { seen })
  const written = (version: string) =>
    withStore('consent', 'consent', { lastWriter: 'us', version })

  it('is none where our write stands on the row that we had read', () => {
    expect(rich(view({ contacts: [written('2')], cells: [row] })).inDoubt).toBe(false)
  })

  it('is there where somebody wrote in between', () => {
    const here = view({ contacts: [written('3')], cells: [row] })
    expect(rich(here).inDoubt).toBe(true)
    expect(crm(here).inDoubt).toBe(false) // Dynamics refuses a stale write.
  })

  it('is there where a secondary holder is in doubt at its primary address', () => {
    const visitor = { ...written('3'), crmContactId: 'ann', addressId: 99 }
    const here = view({
      secondaryHolders: [holder(null, { contact: visitor, primaryCells: [row] })],
    })
    expect(rich(here).inDoubt).toBe(true)
  })

  it.each<[string, (moved: StoredCrmContact) => Parameters<typeof view>[0]]>([
    ['contact took along', (contact) => ({ contacts: [contact] })],
    [
      'secondary holder took along',
      (contact) => ({ secondaryHolders: [holder(null, { contact })] }),
    ],
  ])('cannot be known where what a %s is malformed, so the gate throws', (_what, at) => {
    const moved = { ...written('2'), leftWith: 7 as never }
    expect(() => rich(view({ cells: [row], ...at(moved) }))).toThrow(TypeError)
  })

  it('cannot be known where the memory at a secondary holder’s primary address is malformed', () => {
    const visitor = { ...written('3'), crmContactId: 'ann', addressId: 99 }
    const primaryCells = [{ ...row, seen: 7 as never }]
    const secondaryHolders = [holder(null, { contact: visitor, primaryCells })]
    expect(() => rich(view({ secondaryHolders }))).toThrow(TypeError)
  })

  it('of storeAndProcess is a withdrawal of that', () => {
    const store = { ...row, cellKey: 'storeAndProcess' as const }
    expect(rich(view({ contacts: [written('3')], cells: [store] })).storeWithdrawn).toBe(true)
  })
})

describe('an address whose last CRM record has gone (G8)', () => {
  const ended = (recordedAtMs: number | null, more: Parameters<typeof cell>[2] = {}) =>
    crm(
      view({
        row: { crmEndedAtMs: 1_000 },
        cells: [cell('consent', 2, { recordedAtMs, ...more })],
      }),
    ).ended

  it('is excluded until eMarketeer records a new act', () => {
    expect(ended(null)).toBe(true)
    expect(ended(1_000)).toBe(true)
    expect(ended(1_001)).toBe(false)
  })

  it('is no new act what a CRM wrote, or the last decision had seen', () => {
    expect(ended(2_000, { source: 'crmDynamics' })).toBe(true)
    expect(ended(2_000, { seen: { basis: 'consent', version: 2, records: [], epoch: 1 } })).toBe(
      true,
    )
  })

  it('has not ended while somebody has it as a further one; a text that names it is nobody', () => {
    expect(crm(view({ secondaryHolders: [holder('allow')] })).ended).toBe(false)
    expect(crm(view({ secondaryHolders: [holder('allow', { denyOnly: true })] })).ended).toBe(true)
  })

  it('has not ended that never was linked', () => {
    expect(crm(view({ row: { everLinked: false } })).ended).toBe(false)
  })
})

describe('a text that names addresses among others (rule A)', () => {
  const own = crm(view({ contacts: [ann] }))
  const named = (more: Partial<GateCrm>) => withNamed(own, [{ ...own, ...more }])

  it('takes over what is denied or unknown at one of them, and no permission', () => {
    expect(named({ records: ['allows', 'denies', 'unreadable', 'silent'] }).records).toEqual([
      'allows',
      'denies',
      'unreadable',
    ])
    expect(named({ subscriptions: [true, false, null] }).subscriptions).toEqual([false, null])
  })

  it.each(['storeWithdrawn', 'inDoubt', 'denyWaiting'] as const)('takes over %s', (fact) => {
    expect(named({ [fact]: true })[fact]).toBe(true)
  })

  it('is verified where all are, and ends with its own address', () => {
    expect(named({ verified: false }).verified).toBe(false)
    expect(named({ ended: true }).ended).toBe(false)
  })
})

describe('the facts of a member', () => {
  const MEMBER: SendoutMember = {
    position: 0,
    contactId: '501',
    email: 'Ann@x.example',
    mobile: null,
    addressId: ADDRESS_ID,
  }
  const news = (basis: 'consent' | 'withdrawn' | 'unreadable') =>
    cell(basis, 1, { cellKey: 'category:news' })
  const here = view({
    contacts: [ann],
    cells: [
      cell('consent'),
      cell('legitimateInterest', 1, { cellKey: 'storeAndProcess' }),
      news('consent'),
    ],
  })
  const facts = (
    one: AddressView | undefined = here,
    more: Parameters<typeof context>[0] = {},
    member: Partial<SendoutMember> = {},
  ): GateFacts => gateFactsOf(context(more), { ...MEMBER, ...member }, one)

  it('are what eMarketeer and the CRM say of its address', () => {
    expect(facts()).toMatchObject({
      channel: 'email',
      email: 'ann@x.example',
      asksCategory: true,
      emarketeer: {
        verified: true,
        marketing: 'consent',
        store: 'legitimateInterest',
        subscribed: true,
        moved: false,
        mentions: [],
      },
      crm: { records: ['allows'], verified: true },
    })
  })

  it('are eMarketeer’s alone without a CRM', () => {
    expect(facts(here, { capabilities: null }).crm).toBeNull()
  })

  it('are not verified where the feed was not read since, the state is not known, or the address unknown', () => {
    expect(facts(here, { run: { askedTick: 30 } }).emarketeer.verified).toBe(false)
    expect(facts(view({ row: { emarketeerUnread: true } })).emarketeer.verified).toBe(false)
    expect(facts(here, {}, { email: UNKNOWN_EMAIL }).emarketeer.verified).toBe(false)
  })

  it('are nothing where nothing is recorded', () => {
    expect(facts(view()).emarketeer).toMatchObject({ marketing: 'none', store: 'none' })
  })

  it('are no Yes to the category where it says No, nobody is there, or the state was never read', () => {
    const answer = (one: AddressView) => facts(one).emarketeer.subscribed
    expect(answer(view({ cells: [news('withdrawn')] }))).toBe(false)
    expect(answer(view({ cells: [news('consent')], row: { emarketeerContactId: null } }))).toBe(
      false,
    )
    expect(answer(view({ cells: [news('unreadable')] }))).toBeNull()
    expect(answer(view())).toBeNull()
  })

  it('are of another address where the contact has moved or is gone', () => {
    expect(facts(here, { currentAddressOf: new Map([['501', 8]]) }).emarketeer.moved).toBe(true)
    expect(facts(here, { currentAddressOf: new Map() }).emarketeer.moved).toBe(true)
  })

  it('count what texts say that name the address (A)', () => {
    const mention = { mentionedAddressId: ADDRESS_ID, unread: true, cells: [cell('withdrawn')] }
    expect(facts(view({ mentions: [mention] })).emarketeer.mentions).toEqual([
      { verified: false, marketing: 'withdrawn', store: 'none', subscribed: null },
    ])
  })

  it('count what the addresses say that the own text names, on both sides (A)', () => {
    const named = view({ contacts: [contact('deny')], cells: [cell('withdrawn')] })
    const both = facts(here, { namedAt: () => [named] })
    expect(both.emarketeer.mentions).toMatchObject([{ verified: true, marketing: 'withdrawn' }])
    expect(both.crm?.records).toEqual(['allows', 'denies'])
    const nobody = view({ row: { emarketeerContactId: null }, cells: [cell('withdrawn')] })
    expect(facts(here, { namedAt: () => [nobody] }).emarketeer.mentions).toEqual([])
  })
})
