import { expect, it } from '@jest/globals'
import { preSend } from './support/pre-send.js'
import { RichLives, type RichLife } from './support/rich-life.js'
import { withRichWorld, type RichWorld } from './support/rich-world.js'
import type { World } from './support/world.js'

const world = withRichWorld()
const PEOPLE = 10
const STEPS = 60
const TIMEOUT_MS = 480_000

const chosen = process.env['SYNC_SEED']
const seeds = chosen === undefined ? [1, 2, 3, 4] : [Number(chosen)]

// A seed is repeated by `SYNC_SEED=n`.
it.each(seeds)(
  'keeps every opt-out and invents no consent in a rich CRM, whatever happens (seed %i)',
  async (seed) => {
    const run = new RichLives(world.now, seed)
    await run.begin(PEOPLE)
    for (let step = 1; step <= STEPS; step += 1) {
      await run.step()
      if (step % 15 === 0) {
        await mailsNobodyWhoLeft(world.now, run.lives, seed)
      }
    }
    run.settle()
    for (let sweep = 0; sweep < 3; sweep += 1) {
      await world.now.timePasses()
      await world.now.sweep()
    }
    for (const life of run.lives) {
      await expectKept(world.now, life, seed)
    }
    await mailsNobodyWhoLeft(world.now, run.lives, seed)
  },
  TIMEOUT_MS,
)

function storyOf(life: RichLife): string {
  return [life.person.email, ...life.story].join('; ')
}

/** Whether the last act at an address, by the observer's log, was a deny. */
function leftBy(acts: RichLife['acts']): boolean {
  return acts.at(-1)?.value === 'withdrawn'
}

/** G: nobody whose last act was a deny is on a list, at any moment. */
async function mailsNobodyWhoLeft(
  { crm }: RichWorld,
  lives: readonly RichLife[],
  seed: number,
): Promise<void> {
  // Acts may be armed to happen during the check itself; the list contains the state of its reading.
  crm.switches.beforeWrite = null
  crm.switches.afterWrite = null
  const contactIds = lives.map((life) => life.person.contactId)
  const ask = { contactIds, crm: 'toy', tolerant: true }
  const { list } = await preSend(world.now as unknown as World, ask)
  const mailed = new Set(list!.map((entry) => entry.contactId))
  const left = lives.filter((life) => !life.lost && (leftBy(life.acts) || leftBy(life.storeActs)))
  const wrong = left.filter((life) => mailed.has(life.person.contactId)).map(storyOf)
  expect({ seed, wrong }).toEqual({ seed, wrong: [] })
  const secondaryHolders = lives.filter(
    ({ holder }) =>
      holder !== null && !crm.persons.get(holder)!.deleted && crm.value(holder) === 'withdrawn',
  )
  expect(secondaryHolders.filter((life) => mailed.has(life.person.contactId)).map(storyOf)).toEqual(
    [],
  )
}

/** At rest: a last deny is on both sides, and no consent exists without a person's act. */
async function expectKept(world: RichWorld, life: RichLife, seed: number): Promise<void> {
  const { e, d } = await life.person.state()
  const last = life.acts.at(-1)
  const onYounger =
    last !== undefined && last.where !== 'emarketeer' && last.where !== oldestOf(world, life)
  if (leftBy(life.acts) && !life.lost) {
    const denied = onYounger ? d.includes('withdrawn') || e === 'withdrawn' : e === 'withdrawn'
    expect({ seed, story: storyOf(life), denied, e, d }).toMatchObject({ denied: true })
    if (!onYounger) {
      expect({ seed, story: storyOf(life), d }).toMatchObject({ d: d.map(() => 'withdrawn') })
    }
  }
  const consented = life.acts.some((act) => act.value === 'consent')
  const invented = !consented && (e === 'consent' || d.includes('consent'))
  expect({ seed, story: storyOf(life), invented }).toMatchObject({ invented: false })
  const store = await life.person.state('storeAndProcess')
  if (leftBy(life.storeActs)) {
    expect({ seed, story: storyOf(life), ...store }).toMatchObject({
      e: 'withdrawn',
      d: store.d.map(() => 'withdrawn'),
    })
  }
}

function oldestOf({ crm }: RichWorld, { person }: RichLife): string | undefined {
  return person.ids.find((id) => !crm.persons.get(id)!.deleted)
}
