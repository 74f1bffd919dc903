import { expect, it } from '@jest/globals'
import { preSend } from './support/pre-send.js'
import { RandomLives, type Life } from './support/random-life.js'
import { truthOf, type Truth } from './support/truth.js'
import { withWorld } from './support/world.js'

const world = withWorld({ newlyMailableLimit: 1_000 })
const FIRST_SEED = Number(process.env['SYNC_SEED'] ?? 1)
const SEEDS = Array.from(
  { length: Number(process.env['SYNC_SEEDS'] ?? 20) },
  (_, n) => FIRST_SEED + n,
)
const PEOPLE = 12
const STEPS = 150

it.each(SEEDS)(
  'keeps every opt-out and invents no consent, whatever happens (seed %i)',
  async (seed) => {
    const run = new RandomLives(world.now, seed)
    await run.begin(PEOPLE)
    for (let step = 1; step <= STEPS; step += 1) {
      await run.step()
      if (step % 50 === 0) {
        await mailsNobodyWhoLeft(run.lives)
      }
    }
    await world.now.clearFaults()
    await world.now.timePasses()
    await world.now.sweep()
    await world.now.timePasses()
    await world.now.sweep()
    const truth = await truthOf(world.now)
    for (const life of run.lives) {
      expect({ seed, ...seen(life, truth(life.person.email)) }).toEqual({ seed, ...wanted(life) })
    }
    await mailsNobodyWhoLeft(run.lives)
  },
  120_000,
)

/** The gate, in the midst of things: nobody whose last act was a deny gets through (G). */
async function mailsNobodyWhoLeft(lives: readonly Life[]): Promise<void> {
  const contactIds = lives.map((life) => life.person.contactId)
  const { list } = await preSend(world.now, { contactIds, categoryId: 'c1', tolerant: true })
  const mailed = new Set(list!.map((entry) => entry.contactId))
  const left = lives.filter((life) => life.last === 'deny' || life.lastSubscription === 'deny')
  expect(left.filter((life) => mailed.has(life.person.contactId)).map(storyOf)).toEqual([])
}

/** What is asserted of a person, as it is. */
function seen(life: Life, truth: Truth): Record<string, unknown> {
  const denies = truth.basis === 'withdrawn' && truth.toggles.every((toggle) => toggle === 'deny')
  return {
    story: storyOf(life),
    denied: life.last === 'deny' && isLinked(truth) ? denies : null,
    unsubscribed:
      life.lastSubscription === 'deny' && isLinked(truth) ? truth.subscribed['c1'] === false : null,
    inventedConsent: truth.basis === 'consent' && !life.mayHoldConsent,
  }
}

/** The same, as it has to be. */
function wanted(life: Life): Record<string, unknown> {
  const linked = life.toggles.some((toggle) => toggle !== null)
  return {
    story: storyOf(life),
    denied: life.last === 'deny' && linked ? true : null,
    unsubscribed: life.lastSubscription === 'deny' && linked ? true : null,
    inventedConsent: false,
  }
}

function isLinked(truth: Truth): boolean {
  return truth.toggles.length > 0
}

function storyOf(life: Life): string {
  return [life.person.email, ...life.story].join('; ')
}
