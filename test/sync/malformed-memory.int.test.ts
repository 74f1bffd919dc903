import { describe, expect, it } from '@jest/globals'
import { preSend } from './support/pre-send.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'
import { withWorld, type World } from './support/world.js'

/** Each column of what passes store, and what it must not hold. JSON's null is not SQL's. */
const MALFORMED: readonly (readonly [string, readonly string[]])[] = [
  ['seen', ['null', '7', '[]', '{}', '{"records":[7]}']],
  ['open_allow', ['null', '7', '[]', '{"ann":7}']],
  ['departed', ['null', '7', '{}']],
]

/** The verdict on one of two people while their cells, or records, hold these values. */
async function verdictsOf(world: World, crm: string, table: string, columns: typeof MALFORMED) {
  const [odd, plain] = [await world.person(), await world.person()]
  await world.sweep()
  await world.sweep()
  const contactIds = [odd.contactId, plain.contactId]
  const ask = { contactIds, crm }
  expect((await preSend(world, ask)).result.eligible).toBe(2)
  const found: unknown[] = []
  for (const [column, values] of columns) {
    for (const value of values) {
      const change = async (set: string) =>
        world.db.query(
          `UPDATE ${table} SET ${column} = ${set} WHERE address_id IN
            (SELECT address_id FROM emarketeer_contacts WHERE contact_id = $1)`,
          [odd.contactId],
        )
      const [before] = await world.db.query<{ value: unknown }>(
        `SELECT ${column} AS value FROM ${table} WHERE address_id IN
          (SELECT address_id FROM emarketeer_contacts WHERE contact_id = $1) LIMIT 1`,
        [odd.contactId],
      )
      await change(`'${value}'`)
      const { verdicts } = await preSend(world, ask)
      found.push([column, value, contactIds.map((id) => verdicts[id])])
      const restored = before!.value === null ? 'NULL' : `'${JSON.stringify(before!.value)}'`
      await change(restored)
    }
  }
  return found
}

const notVerified = (columns: typeof MALFORMED) =>
  columns.flatMap(([column, values]) =>
    values.map((value) => [column, value, ['notVerified', 'eligible']]),
  )

describe('a person of whom a pass has stored something malformed is not verified, and the next one is', () => {
  const dynamics = withWorld()
  const superoffice = withSuperOfficeWorld()

  it('in Dynamics', async () => {
    const found = await verdictsOf(dynamics.now, 'dynamics', 'cells', MALFORMED)
    expect(found).toEqual(notVerified(MALFORMED))
  })

  it('in SuperOffice', async () => {
    const world = superoffice.now as unknown as World
    const crm = 'superoffice-online'
    expect(await verdictsOf(world, crm, 'cells', MALFORMED)).toEqual(notVerified(MALFORMED))
    const left = [['left_with', ['null', '7', '{"marketingSendouts":null}']]] as const
    expect(await verdictsOf(world, crm, 'crm_contacts', left)).toEqual(notVerified(left))
  })
})
