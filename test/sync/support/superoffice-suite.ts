import { describe, it } from '@jest/globals'
import { SuperOfficeLives } from './superoffice-life.js'
import type { SuperOfficeWorld } from './superoffice-world.js'

const PEOPLE = 8
const STEPS = 45
/** A seed takes seconds, and more on a busy machine. */
const TIMEOUT_MS = 480_000

/**
 * One test per seed: whatever happens to eight people in eMarketeer and SuperOffice, every opt-out persists, nobody who
 * opted out is ever mailed, and no consent exists without a person's act. `SYNC_SEED=n` runs a chosen seed.
 */
export function keepsEveryOptOutAtSuperOffice(
  world: SuperOfficeWorld,
  seeds: readonly number[],
  Lives: typeof SuperOfficeLives = SuperOfficeLives,
): void {
  const chosen = process.env['SYNC_SEED']
  describe('random lives at a SuperOffice', () => {
    it.each(chosen === undefined ? seeds : [Number(chosen)])(
      'keep every opt-out, and no consent is invented (seed %i)',
      async (seed) => {
        const run = new Lives(world, seed)
        await run.rich.begin(PEOPLE)
        for (let step = 1; step <= STEPS; step += 1) {
          await run.step()
          if (step % 15 === 0) {
            await run.mailsNobodyWhoLeft(seed)
          }
        }
        await run.settle()
        for (let sweep = 0; sweep < 3; sweep += 1) {
          await world.now.timePasses()
          await world.now.sweep()
        }
        await run.expectKept(seed)
        await run.mailsNobodyWhoLeft(seed)
      },
      TIMEOUT_MS,
    )
  })
}
