import { describe, expect, it } from '@jest/globals'
import { catchUpEmarketeer } from '../../src/sync/mirror/catch-up-emarketeer.js'
import { findAddresses } from '../../src/ledger/address/addresses.js'
import { readUnreadStates } from '../../src/sync/mirror/read-unread.js'
import { CONNECTION_ID } from './support/open-systems.js'
import type { Person } from './support/person.js'
import { preSend } from './support/pre-send.js'
import { once, twistEmarketeer } from './support/twists.js'
import { withWorld } from './support/world.js'

const world = withWorld()

/** Two people who have withdrawn, the second without a record in the CRM; a user then allows the first. */
async function annAndBob(): Promise<readonly [Person, Person]> {
  const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
  const bob = await world.now.linked({ basis: 'withdrawn', toggles: [] })
  await ann.flip('allow')
  return [ann, bob]
}

async function verdictOf({ contactId }: Person, categoryId: string | null = null) {
  const { verdicts } = await preSend(world.now, {
    contactIds: [contactId],
    categoryId,
    tolerant: true,
  })
  return verdicts[contactId]
}

describe('a contact that gets another address between our decision and our write', () => {
  it('leaves the withdrawal of whoever has that address', async () => {
    const [ann, bob] = await annAndBob()
    await world.now.sweep(once.beforeEmarketeerWrite(() => ann.changesEmailInEmarketeer(bob.email)))
    await catchUpEmarketeer(await world.now.session())
    expect(await bob.state()).toMatchObject({ due: true })
    expect(await verdictOf(bob)).not.toBe('eligible')
    await world.now.sweep()
    expect(await bob.state()).toMatchObject({ basis: 'withdrawn', due: false })
  })

  it('closes the send gate before a pass can withdraw in eMarketeer', async () => {
    const [ann, bob] = await annAndBob()
    await world.now.sweep(once.beforeEmarketeerWrite(() => ann.changesEmailInEmarketeer(bob.email)))
    await world.now.emarketeerFault({ path: '/states/write', status: 503 })
    expect(await verdictOf(bob)).not.toBe('eligible')
    await world.now.clearFaults()
  })

  it('leaves a withdrawal that the contact itself brought there', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    const moved = `to-${ann.email}`
    await world.now.sweep(once.beforeEmarketeerWrite(() => ann.changesEmailInEmarketeer(moved)))
    await world.now.sweep()
    const there = await world.now.person({ email: moved, basis: 'none', toggles: [] })
    expect(await there.state()).toMatchObject({ basis: 'withdrawn' })
  })

  it('leaves a No to a category', async () => {
    const ann = await world.now.linked()
    const bob = await world.now.linked({ toggles: [] })
    await ann.subscribes('c1', false)
    await bob.subscribes('c1', false)
    await world.now.sweep()
    await ann.flipSubscription('c1', true)
    await world.now.sweep(once.beforeEmarketeerWrite(() => ann.changesEmailInEmarketeer(bob.email)))
    expect(await verdictOf(bob, 'c1')).not.toBe('eligible')
    await world.now.sweep()
    expect(await bob.state()).toMatchObject({ subscriptions: { c1: false } })
  })

  it('is not asked about when somebody acts there after our write', async () => {
    const [ann, bob] = await annAndBob()
    let moved = false
    await world.now.sweep((session) =>
      twistEmarketeer(session, 'writeStates', async (call) => {
        if (!moved) {
          moved = true
          await ann.changesEmailInEmarketeer(bob.email)
          const answer = await call()
          await bob.consents('contract')
          return answer
        }
        return call()
      }),
    )
    await world.now.sweep()
    expect(await bob.state()).toMatchObject({ basis: 'contract', due: false })
  })

  it('is found although an earlier decision for that address wrote the same value', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    const bob = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    for (const person of [ann, bob]) {
      await person.flip('allow')
      await world.now.sweep()
      await person.unsubscribe()
      await world.now.sweep()
    }
    await bob.deletedInCrm()
    await world.now.sweep()
    await ann.flip('allow')
    await world.now.sweep(once.beforeEmarketeerWrite(() => ann.changesEmailInEmarketeer(bob.email)))
    await world.now.sweep()
    expect(await bob.state()).toMatchObject({ basis: 'withdrawn', due: false })
  })

  it('leaves no value of the new address in our copy of the old one', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    const colleague = await world.now.person({ email: ann.email, basis: 'none', toggles: [] })
    await world.now.sweep()
    await ann.flip('allow')
    let moved = false
    await world.now.sweep((session) =>
      twistEmarketeer(session, 'writeStates', async (call) => {
        if (moved) {
          return call()
        }
        moved = true
        await ann.changesEmailInEmarketeer(`to-${ann.email}`)
        const answer = await call()
        const reader = await world.now.session()
        await catchUpEmarketeer(reader)
        const ids = [...(await findAddresses(world.now.db, CONNECTION_ID, [ann.email])).values()]
        await readUnreadStates(reader, ids)
        return answer
      }),
    )
    await world.now.sweep()
    const { basis, toggles } = await colleague.state()
    expect([basis, ...toggles]).not.toEqual(['withdrawn', 'allow'])
  })
})
