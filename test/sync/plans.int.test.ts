import { beforeAll, describe, expect, it } from '@jest/globals'
import { explaining, productJoins, unkeyedScans, type Explained } from './support/explaining.js'
import { moveInNeighbour } from './support/neighbour.js'
import type { Person } from './support/person.js'
import { preSend } from './support/pre-send.js'
import { withWorld, type World } from './support/world.js'

// A plan that is fast for a few people and takes quadratic time for many stalls a campaign, and no test with a few
// people detects it. So this test requests the plans, in the state in which the planner chose such plans: many rows,
// and statistics from before the run.
const world = withWorld()

describe('however many people there are, and whatever the planner believes', () => {
  beforeAll(async () => {
    await world.now.linked()
    await moveInNeighbour(world.now.databases.ownerUrl)
  })

  it.each(['delta', 'direct'] as const)(
    'no statement of a sendout proven by %s goes through one side whole for each row of the other',
    async (proof) => {
      const people = await Promise.all(Array.from({ length: 6 }, () => world.now.person()))
      await world.now.sweep()
      await Promise.all([people[0]!.flip('deny'), people[1]!.unsubscribe()])
      const twin = await world.now.person({ email: people[2]!.email, toggles: [] })
      const seen: Explained[] = []
      const ask = { contactIds: idsOf([...people, twin]), proof, categoryId: 'c1' }
      const { result } = await preSend(withPlans(seen), ask)
      expect(result.excluded).toMatchObject({ consentWithdrawn: 2, duplicateAddress: 1 })
      expect(productsIn(seen)).toEqual([])
      // Members are judged by key in every table, although statistics are from before the run.
      const judging = seen.filter(({ sql }) => sql.includes('remembers_nothing_else'))
      expect(judging).not.toEqual([])
      expect(judging.flatMap(({ plan }) => unkeyedScans(plan))).toEqual([])
      // The statements whose plans are requested must be those of a sendout.
      expect(seen.map(({ sql }) => sql).filter((sql) => sql.includes('verdict'))).not.toEqual([])
    },
  )

  it('no statement of a sweep does', async () => {
    const people = await Promise.all(Array.from({ length: 6 }, () => world.now.person()))
    await Promise.all([people[0]!.flip('deny'), people[1]!.unsubscribe()])
    const seen: Explained[] = []
    await withPlans(seen).sweep()
    expect(productsIn(seen)).toEqual([])
    expect(seen.length).toBeGreaterThan(20)
  })
})

it('finds a join that may take the product of its sides', async () => {
  const seen: Explained[] = []
  await explaining(world.now.db, seen).query(
    `UPDATE sendout_members m SET verdict = 'duplicateAddress'
      FROM (SELECT position, row_number() OVER (PARTITION BY address_id
          ORDER BY length(contact_id), contact_id, position) AS rank
        FROM sendout_members WHERE sendout_run_id = $1 AND verdict = 'eligible') d
      WHERE m.sendout_run_id = $1 AND m.position = d.position AND d.rank > 1`,
    ['00000000-0000-4000-8000-000000000002'],
  )
  expect(productsIn(seen)).toHaveLength(1)
})

/** The same world, but its ledger reports the plan of each statement. */
function withPlans(seen: Explained[]): World {
  const db = explaining(world.now.db, seen)
  const session: World['session'] = async (...args) => ({
    ...(await world.now.session(...args)),
    db,
  })
  return Object.create(world.now, { db: { value: db }, session: { value: session } }) as World
}

function productsIn(seen: readonly Explained[]): readonly string[] {
  const found = seen.filter(({ plan }) => productJoins(plan).length > 0)
  return [...new Set(found.map(({ sql }) => sql.replaceAll(/\s+/g, ' ')))]
}

function idsOf(people: readonly Person[]): string[] {
  return people.map((person) => person.contactId)
}
