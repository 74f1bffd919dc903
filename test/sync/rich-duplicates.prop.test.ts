import { describe, expect, it } from '@jest/globals'
import { addPerson, savePerson } from '../../simulators/superoffice/model/persons.js'
import { findAddresses } from '../../src/ledger/address/addresses.js'
import { disagreementsAt } from '../../src/ledger/copy/connection-counts.js'
import {
  afterResult,
  anyWithdrawn,
  disagree,
  hasWithdrawnHolder,
  oldestOf,
  sharedAddress,
  type Basis,
  type Seen,
  type SharedAddress,
} from './support/duplicates.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'
import type { World } from './support/world.js'
import fc from 'fast-check'

const world = withSuperOfficeWorld()
/** Addresses are synced together, as in a sweep. */
const TOGETHER = 4
const RUNS = Number(process.env['DUPLICATE_RUNS'] ?? 8)
const A_USER = 12
const LONG_AGO = Date.UTC(2019, 0, 1) / 1000

/** An address, the contact in eMarketeer and the ids of everybody at it. */
interface Stage {
  readonly address: SharedAddress
  readonly person: RichPerson
  readonly ids: readonly string[]
}

let secondaryHolders = 0

async function populate(address: SharedAddress): Promise<Stage> {
  const person = await world.now.person({ basis: 'none', rows: [] })
  const ids = address.twins.map(({ basis, registered, holder }) => {
    const own = holder ? [`holder${++secondaryHolders}@example.com`] : []
    const row = addPerson(world.crm.world, {
      firstName: 'A',
      lastName: 'Twin',
      emails: [...own, person.email].map((each) => ({ address: each })),
      registered: LONG_AGO + registered * 60,
      retired: false,
      associateId: A_USER,
    })
    const id = String(row.person_id)
    if (basis !== 'none') {
      world.crm.set(id, 'marketingSendouts', basis)
    }
    return id
  })
  address.twins.forEach(({ deleted }, made) => {
    if (deleted) {
      const row = world.crm.world.store.person.get(Number(ids[made]))!
      savePerson(world.crm.world, row, { DeletedDate: world.crm.world.nowSeconds() }, A_USER)
    }
  })
  return { address, person, ids }
}

/** Read without the product. */
async function seen({ person, ids }: Stage): Promise<Seen> {
  const { e } = await person.state()
  return {
    emarketeer: (e ?? 'none') as Basis,
    twins: ids.map((id) => world.crm.value(id) as Basis),
  }
}

async function sweep(): Promise<void> {
  await world.now.timePasses()
  await world.now.sweep()
}

/** The values of everybody determine who is mailed and what is shown. */
async function expectMailedAndShown(stages: readonly Stage[]): Promise<void> {
  const ask = {
    contactIds: stages.map(({ person }) => person.contactId),
    crm: 'superoffice-online',
  }
  const { verdicts } = await preSend(world.now as unknown as World, ask)
  for (const stage of stages) {
    const { address, person } = stage
    const now = await seen(stage)
    const withdrawn = anyWithdrawn(address, now) || now.emarketeer === 'withdrawn'
    const verdict = withdrawn
      ? 'consentWithdrawn'
      : now.emarketeer === 'none'
        ? 'noLegalBasis'
        : 'eligible'
    expect([now, verdicts[person.contactId]]).toEqual([now, verdict])
    const found = await findAddresses(world.now.db, CONNECTION_ID, [person.email])
    const shown = await disagreementsAt(world.now.db, CONNECTION_ID, [...found.values()][0]!)
    expect([now, shown.length > 0]).toEqual([now, disagree(address, now)])
  }
}

/** If a secondary holder's withdrawal also counts, it is only certain that nobody was loosened. */
function expectHeld({ address }: Stage, now: Seen, before: Seen, result: Basis): void {
  if (!hasWithdrawnHolder(address)) {
    expect(now).toEqual(afterResult(address, before, result))
    return
  }
  before.twins.forEach((held, made) => {
    const { deleted, holder } = address.twins[made]!
    const younger = deleted || holder || made !== oldestOf(address.twins)
    if (younger && held === 'withdrawn') {
      expect([made, now.twins[made], address]).toEqual([made, 'withdrawn', address])
    }
  })
}

async function act({ address, person, ids }: Stage): Promise<void> {
  const { where, basis } = address.act
  if (where === 'emarketeer') {
    await person.acts(basis)
  } else {
    world.crm.set(ids[oldestOf(address.twins)]!, 'marketingSendouts', basis)
  }
}

/** Adds strangers until the next two persons have the numbers 99 and 100, or 999 and 1000, and so on. */
function fillUpToNines(): void {
  for (;;) {
    const { person_id: id } = addPerson(world.crm.world, {
      firstName: 'A',
      lastName: 'Stranger',
      emails: [],
      registered: LONG_AGO,
      retired: false,
      associateId: A_USER,
    })
    if (/^9*8$/.test(String(id))) {
      return
    }
  }
}

describe('1 to 50 persons at an address, of all values and ages (C5)', () => {
  it(
    'the oldest is read, all are written, no withdrawn one is loosened, and none is mailed while one is withdrawn',
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(sharedAddress, { minLength: TOGETHER, maxLength: TOGETHER }),
          async (addresses) => {
            const stages: Stage[] = []
            for (const address of addresses) {
              stages.push(await populate(address))
            }
            const before = await Promise.all(stages.map(seen))
            await sweep()
            const linked = await Promise.all(stages.map(seen))
            stages.forEach((stage, n) => {
              const { twins } = stage.address
              expectHeld(stage, linked[n]!, before[n]!, twins[oldestOf(twins)]!.basis)
            })
            await expectMailedAndShown(stages)

            for (const stage of stages) {
              await act(stage)
            }
            const acted = await Promise.all(stages.map(seen))
            await sweep()
            const after = await Promise.all(stages.map(seen))
            stages.forEach((stage, n) => {
              expectHeld(stage, after[n]!, acted[n]!, stage.address.act.basis)
            })
            await expectMailedAndShown(stages)
          },
        ),
        { numRuns: RUNS, endOnFailure: true },
      ),
    RUNS * 30_000,
  )

  it('the lower number is the older of two who were registered at the same time, 99 before 100', async () => {
    fillUpToNines()
    const alike = { registered: 0, deleted: false, holder: false }
    const first = { ...alike, basis: 'contract' as const }
    const second = { ...alike, basis: 'consent' as const }
    const act = { where: 'emarketeer' as const, basis: 'contract' as const }
    const stage = await populate({ twins: [first, second], act })
    expect(stage.ids.map((id) => id.length)[1]).toBe(stage.ids[0]!.length + 1)
    await sweep()
    expect(await seen(stage)).toEqual({ emarketeer: 'contract', twins: ['contract', 'contract'] })
  })
})
