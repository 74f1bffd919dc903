import { describe, expect, it } from '@jest/globals'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'
import type { World } from './support/world.js'

const world = withSuperOfficeWorld()

async function verdictOf({ contactId }: RichPerson): Promise<unknown> {
  const { verdicts, result } = await preSend(world.now as unknown as World, {
    contactIds: [contactId],
    crm: 'superoffice-online',
  })
  expect(result.complete).toBe(true)
  return verdicts[contactId]
}

/** A contact in eMarketeer, and a person in SuperOffice with these texts as addresses, the first one primary. */
async function withTexts(
  email: string,
  texts: readonly string[],
): Promise<[RichPerson, deny: () => void]> {
  const anna = await world.now.person({ email, rows: [] })
  const { id } = world.crm.add(texts, { marketingSendouts: 'consent' })
  await world.now.sweep()
  return [anna, () => world.crm.set(id, 'marketingSendouts', 'withdrawn')]
}

describe('a person in SuperOffice whose address is spelled otherwise (rule A)', () => {
  it.each([
    ['b1@x.example', 'b1\u200b@x.example'],
    ['b2@x.example', '\u200eb2@x.example\u00a0'],
    ['b3@bücher.example', 'b3@xn--bcher-kva.example'],
    ['b4@xn--bcher-kva.example', 'B4@bücher.example'],
  ])('%j links as %j, and withdraws just before a send', async (email, text) => {
    const [anna, deny] = await withTexts(email, [text])
    expect(await verdictOf(anna)).toBe('eligible')
    deny()
    expect(await verdictOf(anna)).toBe('consentWithdrawn')
    await world.now.sweep()
    expect((await anna.state()).e).toBe('withdrawn')
  })

  it('is found by a domain in Unicode though no change has reported it', async () => {
    const anna = await world.now.linked({ email: 'b5@xn--bcher-kva.example', rows: [] })
    const { id } = world.crm.add(['b5@bücher.example'], { marketingSendouts: 'withdrawn' })
    expect(id).not.toBe('')
    expect(await verdictOf(anna)).toBe('consentWithdrawn')
  })
})

describe('a person in SuperOffice with several or decorated addresses in a row (rule A)', () => {
  it.each([
    'a@x.example; a2@x.example',
    'Anna <a3@x.example>',
    'mailto:a4@x.example',
    "'a5@x.example'",
    'a6@x.example.',
  ])('%j: a withdrawal just before a send counts, and nothing crosses', async (text) => {
    const email = /a\d?@x\.example/.exec(text)![0]
    const [anna, deny] = await withTexts(email, [text])
    expect(await verdictOf(anna)).toBe('eligible')
    deny()
    expect(await verdictOf(anna)).toBe('consentWithdrawn')
    await world.now.sweep()
    expect((await anna.state()).e).toBe('consent')
    expect(await anna.events()).toEqual([])
  })

  it('in a further row: it counts there as well, and crosses at the plain addresses alone', async () => {
    const [anna, deny] = await withTexts('c2@x.example', [
      'c1@x.example',
      'c2@x.example/c3@x.example',
    ])
    const plain = await world.now.person({ email: 'c1@x.example', rows: [] })
    await world.now.sweep()
    deny()
    expect(await verdictOf(anna)).toBe('consentWithdrawn')
    await world.now.sweep()
    expect((await anna.state()).e).toBe('consent')
    expect((await plain.state()).e).toBe('withdrawn')
  })

  it('is written nothing when eMarketeer withdraws at an address in it', async () => {
    const [anna] = await withTexts('d@x.example', ['d@x.example, d2@x.example'])
    const writes = world.crm.requests.write
    await anna.acts('withdrawn')
    await world.now.sweep()
    expect(world.crm.requests.write).toBe(writes)
  })
})
