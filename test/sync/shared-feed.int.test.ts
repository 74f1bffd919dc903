import { expect, it } from '@jest/globals'
import { catchUpEmarketeer } from '../../src/sync/mirror/catch-up-emarketeer.js'
import { twistEmarketeer } from './support/twists.js'
import { withWorld } from './support/world.js'

const world = withWorld()

it("reads eMarketeer's feed once for all who come during a reading, and after they came", async () => {
  const ann = await world.now.linked()
  const readings: string[] = []
  const reader = async (name: string, before = Promise.resolve()) =>
    twistEmarketeer(await world.now.session(), 'changes', async (call) => {
      readings.push(name)
      const answer = await call()
      await before
      return answer
    })
  let answered = (): void => undefined
  const first = catchUpEmarketeer(await reader('first', new Promise((end) => (answered = end))))
  const others = await Promise.all(['a', 'b', 'c'].map((name) => reader(name)))
  // After the first reading's answer: whoever asks from now on must see it.
  await ann.unsubscribe()
  const shared = others.map((session) => catchUpEmarketeer(session))
  answered()
  await Promise.all([first, ...shared])
  expect(readings).toEqual(['first', 'a'])
  const cells = await world.now.db.query<{ basis: string }>(
    `SELECT emarketeer_basis AS basis FROM cells JOIN addresses USING (address_id)
      WHERE address = $1 AND cell_key = 'marketingSendouts'`,
    [ann.email],
  )
  expect(cells).toEqual([{ basis: 'withdrawn' }])
})

it('takes over a reading whose caller is cancelled', async () => {
  const ann = await world.now.linked()
  const cancelled = new AbortController()
  const session = await world.now.session()
  const leader = twistEmarketeer(session, 'changes', async (call) => {
    cancelled.abort(new Error('cancelled'))
    await call()
    throw new Error('cancelled')
  })
  const call = { ...session.call, signal: cancelled.signal }
  const first = catchUpEmarketeer({ ...leader, call })
  await ann.unsubscribe()
  const second = catchUpEmarketeer(await world.now.session())
  await expect(first).rejects.toThrow('cancelled')
  await second
  expect(await ann.state()).toMatchObject({ due: true })
})
