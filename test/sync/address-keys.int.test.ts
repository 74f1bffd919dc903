import { describe, expect, it } from '@jest/globals'
import { findAddresses } from '../../src/ledger/address/addresses.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { preSend } from './support/pre-send.js'
import { withWorld } from './support/world.js'

const world = withWorld()

/** eMarketeer's and Dynamics' spelling of one address; `#` is a separate number for each test. */
const SPELLINGS: readonly (readonly [what: string, emarketeer: string, dynamics: string])[] = [
  ['a zero-width space', 'anna#@x.example', 'anna#\u200b@x.example'],
  ['a soft hyphen', 'anna#@x.example', 'an\u00adna#@x.example'],
  ['a word joiner', 'anna#@x.example', 'anna#@x.exa\u2060mple'],
  ['a left-to-right mark', 'anna#@x.example', '\u200eanna#@x.example'],
  ['a byte order mark', 'anna#@x.example', '\ufeffanna#@x.example'],
  ['a no-break space', 'anna#@x.example', 'anna#@x.example\u00a0'],
  ['form D', 'rene\u0301#@x.example', 'ren\u00e9#@x.example'],
  ['a domain in ASCII', 'anna#@bücher.example', 'anna#@xn--bcher-kva.example'],
  ['a domain in Unicode', 'anna#@xn--bcher-kva.example', 'anna#@bücher.example'],
  ['an invisible character in eMarketeer', 'anna#\u200b@x.example', 'Anna#@x.example'],
]

let number = 0
const numbered = (address: string) => address.replace('#', String(number))

describe.each(['delta', 'direct'] as const)(
  'an address spelled otherwise, proven by %s',
  (proof) => {
    it.each(SPELLINGS)('by %s links, and an opt-out just before a send counts', async (...row) => {
      number += 1
      const [, email, crmEmail] = row
      const anna = await world.now.linked({ email: numbered(email), crmEmail: numbered(crmEmail) })
      const before = await preSend(world.now, { contactIds: [anna.contactId], proof })
      expect(before.verdicts[anna.contactId]).toBe('eligible')
      await anna.flip('deny')
      const { list, verdicts, result } = await preSend(world.now, {
        contactIds: [anna.contactId],
        proof,
      })
      expect(verdicts[anna.contactId]).toBe('consentWithdrawn')
      expect(list).toEqual([])
      expect(result.complete).toBe(true)
      expect((await anna.state()).basis).toBe('withdrawn')
    })

    it.each(SPELLINGS)('by %s: an opt-out in eMarketeer crosses', async (...row) => {
      number += 1
      const [, email, crmEmail] = row
      const anna = await world.now.linked({ email: numbered(email), crmEmail: numbered(crmEmail) })
      await anna.unsubscribe()
      await world.now.sweep()
      const toggle = await world.now.standIns.dynamics<{ donotbulkemail: boolean }>(
        'GET',
        `rows/contact/${anna.crmIds[0]}`,
      )
      expect(toggle.donotbulkemail).toBe(true)
    })
  },
)

describe('an address that eMarketeer has in two spellings, each with a state of its own', () => {
  it('is mailed in neither where one withdrew, and nothing crosses', async () => {
    const plain = await world.now.person({ email: 'eva@xn--bcher-kva.example' })
    const spelled = await world.now.person({ email: 'eva@bücher.example', toggles: [] })
    await world.now.sweep()
    await spelled.unsubscribe()
    await world.now.sweep()
    const contactIds = [plain.contactId, spelled.contactId]
    const { list, verdicts } = await preSend(world.now, { contactIds })
    expect(verdicts).toEqual(Object.fromEntries(contactIds.map((id) => [id, 'consentWithdrawn'])))
    expect(list).toEqual([])
    expect(await plain.state()).toMatchObject({ basis: 'consent', toggles: ['allow'], due: false })
    expect(await plain.events()).toEqual([])
  })

  it('is an address as any other again when one of them is gone', async () => {
    const plain = await world.now.person({ email: 'ida@xn--bcher-kva.example' })
    const spelled = await world.now.person({
      email: 'ida@bücher.example',
      toggles: [],
      basis: 'withdrawn',
    })
    await world.now.sweep()
    await spelled.deletedInEmarketeer()
    await world.now.sweep()
    const { verdicts } = await preSend(world.now, { contactIds: [plain.contactId] })
    expect(verdicts[plain.contactId]).toBe('eligible')
    await plain.flip('deny')
    await world.now.sweep()
    expect((await plain.state()).basis).toBe('withdrawn')
  })
})

it('keeps one row for all spellings', async () => {
  const keys = ['mia@x.example', 'mia@xn--bcher-kva.example']
  await world.now.linked({ email: 'MIA@x.example', crmEmail: '\u200bmia@x.example\u00a0' })
  await world.now.linked({ email: 'mia@bücher.example', crmEmail: 'mia@BÜCHER.example' })
  const found = await findAddresses(world.now.db, CONNECTION_ID, keys)
  expect([...found.keys()].sort()).toEqual(keys)
})
