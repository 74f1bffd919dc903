import { describe, expect, it } from '@jest/globals'
import type { CrmReading, CrmReadRequest } from '../../src/crm/crm.js'
import type { ChangesAnswer, FeedItem, StatesRead } from '../../src/emarketeer/index.js'
import { openSystems } from './support/open-systems.js'
import { dynamicsRows } from './support/person-state.js'
import { preSend } from './support/pre-send.js'
import { twistChanges, twistCrm, twistEmarketeer } from './support/twists.js'
import { type Twist, withWorld, World } from './support/world.js'

const world = withWorld()
const PROOFS = ['delta', 'direct'] as const

/** eMarketeer returns states at an address that do not fit; `knows`: the part that is still readable. */
function oddAt(email: string, knows: 'all' | 'contact'): Twist {
  return (session) =>
    twistEmarketeer(session, 'readStates', async (call) => {
      const { items, unreadable, missing } = (await call()) as StatesRead
      const isOdd = (one: { email: string | null }) => one.email === email
      const odd = items
        .filter(isOdd)
        .map(({ contactId }) => ({ contactId, email: knows === 'all' ? email : null, path: 'x' }))
      const read = items.filter((one) => !isOdd(one))
      return { items: read, unreadable: [...unreadable, ...odd], missing }
    })
}

describe('somebody whose state in eMarketeer cannot be read', () => {
  // "With an unverified contact the sendout is not complete" (G5), and one record never stops a step.
  it.each(
    PROOFS.flatMap((proof) =>
      (['all', 'contact'] as const).map((knows) => [proof, knows] as const),
    ),
  )(
    'is not verified, and holds up nobody: proven by %s, where %s can be made out',
    async (proof, knows) => {
      const [ann, bo] = [await world.now.linked(), await world.now.linked()]
      const ask = {
        contactIds: [ann.contactId, bo.contactId],
        proof,
        twist: oddAt(ann.email, knows),
      }
      const { result, verdicts } = await preSend(world.now, ask)
      expect(verdicts).toEqual({ [ann.contactId]: 'notVerified', [bo.contactId]: 'eligible' })
      expect(result).toMatchObject({ complete: false, eligible: 1 })
      const { verdicts: later } = await preSend(world.now, { contactIds: [ann.contactId], proof })
      expect(later).toEqual({ [ann.contactId]: 'eligible' })
    },
  )
})

describe('an opt-out that eMarketeer’s feed tells of in an odd way', () => {
  const unreadable = { type: 'unreadable', id: null, contactIds: [], path: 'accountId' } as const
  const odd: Record<string, (item: FeedItem) => FeedItem> = {
    'without its address': (item) => ({ ...item, email: null }) as FeedItem,
    'as another account’s': () => ({ ...unreadable, reason: 'other_account' }),
    'without saying whose it is': ({ contactIds }) => ({
      ...unreadable,
      contactIds,
      reason: 'malformed',
    }),
  }

  it.each(Object.entries(odd))('counts in a sendout: %s', async (_, told) => {
    const [ann, bo] = [await world.now.linked(), await world.now.linked()]
    await ann.unsubscribe()
    const { verdicts } = await preSend(world.now, {
      contactIds: [ann.contactId, bo.contactId],
      proof: 'delta',
      twist: (session) =>
        twistEmarketeer(session, 'changes', async (call) => {
          const answer = (await call()) as ChangesAnswer
          return answer.status === 'page' ? { ...answer, items: answer.items.map(told) } : answer
        }),
    })
    expect(verdicts).toEqual({ [ann.contactId]: 'consentWithdrawn', [bo.contactId]: 'eligible' })
  })
})

describe('a change that eMarketeer’s feed tells of under another person’s address', () => {
  it.each(['delta', 'direct'] as const)(
    'counts for its own contact alone, proven by %s',
    async (proof) => {
      const [ann, bo] = [await world.now.linked(), await world.now.linked()]
      const under =
        (email: string): Twist =>
        (session) =>
          twistEmarketeer(session, 'changes', async (call) => {
            const answer = (await call()) as ChangesAnswer
            return answer.status === 'page'
              ? { ...answer, items: answer.items.map((item) => ({ ...item, email }) as FeedItem) }
              : answer
          })
      const contactIds = [ann.contactId, bo.contactId]
      await ann.unsubscribe()
      const denied = await preSend(world.now, { contactIds, proof, twist: under(bo.email) })
      expect(denied.verdicts).toEqual({
        [ann.contactId]: 'consentWithdrawn',
        [bo.contactId]: 'eligible',
      })
      await world.now.sweep()
      expect(await bo.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
      // Bo's consent must not open Ann's address.
      await bo.consents('consent')
      await bo.consents('consent')
      const allowed = await preSend(world.now, { contactIds, proof, twist: under(ann.email) })
      expect(allowed.verdicts).toEqual(denied.verdicts)
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
      expect(await bo.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
    },
  )
})

/** Work of a process that has just started: it knows nothing of Dynamics. */
async function inNewProcess<T>(work: (world: World) => Promise<T>): Promise<T> {
  const { standIns, db, databases } = world.now
  const systems = openSystems(db, standIns)
  try {
    return await work(new World(standIns, db, systems, databases))
  } finally {
    systems.close()
  }
}

describe('a category of ours that lost its key in Dynamics', () => {
  // D3 ignores a colleague's category; the rows of this one are ours, and their Nos are people's.
  it.each(PROOFS)('hides no No, proven by %s', async (proof) => {
    const ann = await world.now.linked()
    const rows = await dynamicsRows(world.now, 'em_subscriptioncategories')
    const { id } = rows.find((row) => row['em_categoryid'] === 'c1')!
    const setKey = (em_categoryid: string | null) =>
      world.now.standIns.dynamics('PATCH', `rows/em_subscriptioncategories/${id}`, {
        values: { em_categoryid },
      })
    await ann.flipSubscription('c1', false)
    await setKey(null)
    const ask = { contactIds: [ann.contactId], categoryId: 'c1', proof }
    const { verdicts, result } = await inNewProcess((fresh) => preSend(fresh, ask))
    expect(verdicts).toEqual({ [ann.contactId]: 'notVerified' })
    expect(result.complete).toBe(false)
    await setKey('c1')
    await world.now.pass([ann])
    const later = await inNewProcess((fresh) => preSend(fresh, { ...ask, proof: 'direct' }))
    expect(later.verdicts).toEqual({ [ann.contactId]: 'unsubscribedFromCategory' })
  })
})

describe('somebody in the CRM who cannot be made out', () => {
  it.each(PROOFS)(
    'leaves the address unverified, and holds up nobody, proven by %s',
    async (proof) => {
      const ann = await world.now.person({ toggles: [] })
      const bo = await world.now.linked()
      const twist: Twist = (session) =>
        twistCrm(session, 'read', async (call, request) => {
          const { by, ...asked } = request as CrmReadRequest
          const isAsked =
            by === 'email' && (asked as { emails: string[] }).emails.includes(ann.email)
          return {
            ...((await call()) as CrmReading),
            ...(isAsked ? { unknownEmails: [ann.email] } : {}),
          }
        })
      await world.now.pass([ann], twist)
      const contactIds = [ann.contactId, bo.contactId]
      const { verdicts, result } = await preSend(world.now, { contactIds, proof, twist })
      expect(verdicts).toEqual({ [ann.contactId]: 'notVerified', [bo.contactId]: 'eligible' })
      expect(result).toMatchObject({ complete: false, eligible: 1 })
      const later = await preSend(world.now, { contactIds, proof })
      expect(later.verdicts).toEqual({ [ann.contactId]: 'eligible', [bo.contactId]: 'eligible' })
    },
  )

  it.each(PROOFS)(
    'at its secondary address neither allows nor is nobody, proven by %s',
    async (proof) => {
      const also = await world.now.person({ toggles: [] })
      const ann = await world.now.linked({ toggles: ['deny'] })
      await ann.edit({ emailaddress2: also.email })
      const hidden = { table: 'contact', column: 'donotbulkemail' }
      await world.now.dynamicsSwitch({ secureColumn: hidden })
      await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
      const { verdicts } = await inNewProcess((fresh) =>
        preSend(fresh, { contactIds: [also.contactId], proof }),
      )
      expect(verdicts).toEqual({ [also.contactId]: 'notVerified' })
      await world.now.dynamicsSwitch({ secureColumn: { ...hidden, secured: false } })
      await world.now.clearFaults()
      await ann.edit({ firstname: 'Ann' })
      await world.now.sweep()
      const later = await preSend(world.now, { contactIds: [also.contactId], proof })
      expect(later.verdicts).toEqual({ [also.contactId]: 'consentWithdrawn' })
    },
  )
})

describe('a record that is known at no address, because none was returned', () => {
  // B8: as long as it exists no sendout is complete; no reading of an address finds it, and it may not change again.
  it('is read by its id at the next sweep', async () => {
    const ann = await world.now.linked({ toggles: ['deny'] })
    await world.now.db.query(
      `UPDATE crm_contacts SET address_id = NULL, address_untold = true WHERE crm_contact_id = $1`,
      [ann.crmIds[0]],
    )
    const ask = { contactIds: [ann.contactId], proof: 'delta' } as const
    expect((await preSend(world.now, ask)).result.complete).toBe(false)
    await world.now.sweep()
    const { result, verdicts } = await preSend(world.now, ask)
    expect(result.complete).toBe(true)
    expect(verdicts).toEqual({ [ann.contactId]: 'consentWithdrawn' })
  })
})

describe('a row of the changes that does not say whose it is', () => {
  let listings = 0
  const passDay = () =>
    world.now.db.query(
      `UPDATE connections SET crm_relisted_at = crm_relisted_at - interval '25 hours'`,
    )
  /** Removes a record from a delta or a listing, because its row is unreadable. */
  const hiding =
    (crmId: string, from: 'delta' | 'listing'): Twist =>
    (session) =>
      twistChanges(session, (page, cursor) => {
        listings += cursor === null && page.nextCursor !== null ? 1 : 0
        if ((cursor === null) !== (from === 'listing')) {
          return page
        }
        const contacts = page.contacts.filter(({ contactId }) => contactId !== crmId)
        return { ...page, contacts, unattributed: true }
      })
  const optsOutHidden = async (from: 'delta' | 'listing') => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    return { ann, twist: hiding(ann.crmIds[0]!, from) }
  }
  /** Proven as the product does it. */
  const sends = (contactId: string, twist?: Twist) =>
    preSend(world.now, { contactIds: [contactId], ...(twist ? { twist } : {}) })

  // A delta proves everybody that it does not contain; a row that may be anybody's prevents that (F3, B8).
  it('has everything listed immediately, and then once a day, while sendouts read who is asked for', async () => {
    listings = 0
    const first = await optsOutHidden('delta')
    await world.now.sweep(first.twist)
    expect(listings).toBe(1)
    expect(await first.ann.state()).toMatchObject({ basis: 'withdrawn' })
    const again = await optsOutHidden('delta')
    await world.now.sweep(again.twist)
    await world.now.sweep(again.twist)
    const sent = await sends(again.ann.contactId, again.twist)
    expect(sent.verdicts).toEqual({ [again.ann.contactId]: 'consentWithdrawn' })
    expect(sent.result.complete).toBe(true)
    const last = await optsOutHidden('delta')
    await world.now.sweep(last.twist)
    expect(listings).toBe(1)
    expect(await last.ann.state()).not.toMatchObject({ basis: 'withdrawn' })
    await passDay()
    await world.now.sweep(last.twist)
    expect(listings).toBe(2)
    expect(await last.ann.state()).toMatchObject({ basis: 'withdrawn' })
    await passDay()
    await world.now.sweep(hiding('nobody', 'listing'))
    expect(listings).toBe(2)
  })

  it('in a listing proves nobody to be absent, until one a day later holds none', async () => {
    const [ann, bo] = [
      await world.now.person({ toggles: [] }),
      await world.now.person({ toggles: [] }),
    ]
    await world.now.sweep()
    const crmIds: string[] = []
    for (const { email } of [ann, bo]) {
      const values = { emailaddress1: email, donotbulkemail: true }
      const { id } = await world.now.standIns.dynamics('POST', 'rows/contact', { values })
      crmIds.push(String(id))
    }
    const twist: Twist = (session) =>
      hiding(crmIds[0]!, 'listing')(hiding(crmIds[1]!, 'listing')(session))
    await world.now.db.query(`UPDATE connections SET crm_cursor = NULL`)
    listings = 0
    await world.now.sweep(twist)
    await world.now.sweep(twist)
    // Each twist counts.
    expect(listings).toBe(2)
    const sent = await sends(ann.contactId)
    expect(sent.verdicts).toEqual({ [ann.contactId]: 'consentWithdrawn' })
    expect(sent.result.complete).toBe(true)
    expect(await bo.state()).not.toMatchObject({ basis: 'withdrawn' })
    await passDay()
    await world.now.sweep()
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn' })
    const left = await world.now.db.query(`SELECT crm_untold AS unattributed FROM connections`)
    expect(left).toEqual([{ unattributed: false }])
  })
})

describe('a No that follows a person to another record', () => {
  it.each(PROOFS)('is not lost with the row that was to show it, proven by %s', async (proof) => {
    const [ann, cy] = [await world.now.linked(), await world.now.linked()]
    await cy.subscribes('c1', false)
    await world.now.sweep()
    // The merge carries it onto ann's record; her own row of the category is deleted in the same moment.
    await world.now.standIns.dynamics('POST', 'merge', {
      as: 'Sales Rep',
      master: ann.crmIds[0],
      loser: cy.crmIds[0],
      values: {},
    })
    const categories = await dynamicsRows(world.now, 'em_subscriptioncategories')
    const category = categories.find((row) => row['em_categoryid'] === 'c1')!
    const rows = (await dynamicsRows(world.now, 'em_subscriptions')).filter(
      (row) => row['em_contact'] === ann.crmIds[0] && row['em_category'] === category.id,
    )
    for (const { id } of rows) {
      await world.now.standIns.dynamics('DELETE', `rows/em_subscriptions/${id}`)
    }
    // A reading of only her address does not show who was merged into her.
    await world.now.pass([cy])
    const ask = { contactIds: [ann.contactId], categoryId: 'c1', proof }
    const { verdicts } = await preSend(world.now, ask)
    expect(verdicts).toEqual({ [ann.contactId]: 'unsubscribedFromCategory' })
    await world.now.sweep()
    await world.now.sweep()
    const { rows: shown, subscriptions } = await ann.state()
    expect(shown).toEqual(['c1:false', 'c2:true'])
    expect(subscriptions).toMatchObject({ c1: false, c2: true })
  })
})
