import { expect, it } from '@jest/globals'
import { preSend } from './pre-send.js'
import { RandomLives, type Life } from './random-life.js'
import { truthOf, type Truth } from './truth.js'
import { withWorld, type World } from './world.js'

const PEOPLE = 12
const STEPS = 150
/** A seed takes seconds, and more on a busy machine. */
const TIMEOUT_MS = 480_000

/**
 * One test per seed: whatever happens to twelve people, in whatever order, every opt-out persists, nobody who opted out
 * is ever mailed, and no consent exists without a person's act. `SYNC_SEED=n` runs a chosen seed.
 */
export function keepsEveryOptOut(seeds: readonly number[]): void {
  const world = withWorld({ newlyMailableLimit: 1_000 })
  const chosen = process.env['SYNC_SEED']
  const run = chosen === undefined ? seeds : seeds.slice(0, 1).map(() => Number(chosen))
  it.each(run)(
    'keeps every opt-out and invents no consent, whatever happens (seed %i)',
    (seed) => live(world.now, seed),
    TIMEOUT_MS,
  )
}

async function live(world: World, seed: number): Promise<void> {
  const run = new RandomLives(world, seed)
  await run.begin(PEOPLE)
  for (let step = 1; step <= STEPS; step += 1) {
    await run.step()
    if (step % 50 === 0) {
      await mailsNobodyWhoLeft(world, run.lives)
    }
  }
  await world.clearFaults()
  for (let sweep = 0; sweep < 2; sweep += 1) {
    await world.timePasses()
    await world.sweep()
  }
  const truth = await truthOf(world)
  for (const life of run.lives) {
    expect({ seed, ...seen(life, truth(life.person.email)) }).toEqual({ seed, ...wanted(life) })
  }
  await mailsNobodyWhoLeft(world, run.lives)
}

/** Checks the send gate in the middle of a run: nobody whose last act was a deny passes (G). */
async function mailsNobodyWhoLeft(world: World, lives: readonly Life[]): Promise<void> {
  const contactIds = lives.map((life) => life.person.contactId)
  const { list } = await preSend(world, { contactIds, categoryId: 'c1', tolerant: true })
  const mailed = new Set(list!.map((entry) => entry.contactId))
  const left = lives.filter((life) => life.last === 'deny' || life.lastSubscription === 'deny')
  expect(left.filter((life) => mailed.has(life.person.contactId)).map(storyOf)).toEqual([])
}

/** The actual values that are asserted of a person. */
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

/** The expected values. */
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
