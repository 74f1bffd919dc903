import { describe, expect, it } from '@jest/globals'
import type { StatesRead } from '../../src/emarketeer/index.js'
import { preSend } from './support/pre-send.js'
import { twistEmarketeer } from './support/twists.js'
import { type Twist, withWorld } from './support/world.js'

const world = withWorld()
const PROOFS = ['delta', 'direct'] as const

/** eMarketeer answers states at an address that do not fit; `knows` what can still be made out. */
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
