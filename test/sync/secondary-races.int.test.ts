import { describe, expect, it } from '@jest/globals'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withRichWorld } from './support/rich-world.js'
import { twistCrm } from './support/twists.js'
import type { Twist, World } from './support/world.js'

const world = withRichWorld()

/** A world whose sendouts run in a twisted session. */
function twisted(twist: Twist): World {
  const session = async (tier: 'preSend') => twist(await world.now.session(tier))
  return { db: world.now.db, session } as unknown as World
}

/**
 * Acts after the first reading of the CRM was answered, and before it is stored; then the CRM does not answer any more.
 */
function betweenAnswerAndStore(act: () => Promise<void>): Twist {
  let answered = 0
  return (session) =>
    twistCrm(session, 'read', async (call) => {
      answered += 1
      if (answered > 1) {
        throw new Error('no answer')
      }
      const reading = await call()
      await act()
      return reading
    })
}

async function withTwoAddresses(): Promise<{ home: RichPerson; other: RichPerson }> {
  const other = await world.now.person({ rows: [] })
  const home = await world.now.linked({ otherEmails: [other.email] })
  return { home, other }
}

describe('a withdrawal that another reading brings while a sendout reads', () => {
  it.each(['home', 'other'] as const)(
    'is not forgotten at the %s address, though the sendout can read no more',
    async (place) => {
      const people = await withTwoAddresses()
      const twist = betweenAnswerAndStore(async () => {
        people.home.sets('withdrawn')
        await world.now.pass(people.home.email)
      })
      const { contactId } = people[place]
      const ask = { contactIds: [contactId], crm: 'toy', tolerant: true, proof: 'direct' } as const
      const { verdicts, list } = await preSend(twisted(twist), ask)
      expect(verdicts[contactId]).not.toBe('eligible')
      expect(list).toEqual([])
    },
  )
})
