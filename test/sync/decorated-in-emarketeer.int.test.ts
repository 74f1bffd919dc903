import { describe, expect, it } from '@jest/globals'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withRichWorld } from './support/rich-world.js'
import type { World } from './support/world.js'

const world = withRichWorld()

/** Text around an address in eMarketeer's field (rule A). */
const FIELDS: readonly ((address: string) => string)[] = [
  (address) => `Anna <${address}>`,
  (address) => `${address}; b@x.example`,
  (address) => `b@x.example, mailto:${address}`,
]

let number = 0

/** A contact with such a field and a number in eMarketeer, and a person at the address in the CRM. */
async function withField(field: (address: string) => string) {
  number += 1
  const address = `named${number}@x.example`
  const inCrm = await world.now.person({ email: address, basis: null, rows: ['consent'] })
  const contact = await world.now.linked({
    email: field(address),
    rows: [],
    mobile: `+474000${1000 + number}`,
  })
  return { inCrm, contact }
}

async function smsTo(contact: RichPerson) {
  const { verdicts, result } = await preSend(world.now as unknown as World, {
    contactIds: [contact.contactId],
    channel: 'sms',
    transactional: true,
    crm: 'toy',
  })
  return [verdicts[contact.contactId], result.complete]
}

describe('a transactional SMS', () => {
  it.each(FIELDS.map((field) => [field('a@x'), field] as const))(
    'to a contact with %s: who may not be stored in the CRM at that address gets none',
    async (_, field) => {
      const { inCrm, contact } = await withField(field)
      expect(await smsTo(contact)).toEqual(['eligible', true])
      // The address is read directly, immediately before the send.
      inCrm.sets('withdrawn', 0, 'storeAndProcess')
      expect(await smsTo(contact)).toEqual(['storeNotAllowed', true])
    },
  )

  it('counts what was withdrawn at the address in eMarketeer, too', async () => {
    const { contact } = await withField((address) => `Anna <${address}>`)
    const plain = await world.now.person({ email: `named${number}@x.example`, rows: [] })
    await plain.acts('withdrawn', 'storeAndProcess')
    expect((await smsTo(contact))[0]).toBe('storeNotAllowed')
  })
})
