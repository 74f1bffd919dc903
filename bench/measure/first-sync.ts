import { replay } from '../bare/replay.js'
import type { Repetition, Run } from '../figures.js'
import { readRequests } from '../record/request-log.js'
import { roomyDynamicsPlace } from '../world/dynamics-place.js'
import { openWorld } from '../world/open-world.js'
import { delay, LATENCY_MS, quiet } from './sendout.js'

/** Set-up with its first sync, every subscription row written, against the same requests sent again. A world for each repetition. */
export async function* measureFirstSyncs(run: Run): AsyncGenerator<Repetition> {
  for (let n = 0; n < run.repetitions; n += 1) {
    const opened = await openWorld(roomyDynamicsPlace, run.size, false, run.note, {
      beforeSetUp: async (world, truth) => {
        await truth.addCategory('Offers')
        await delay(world, LATENCY_MS)
      },
    })
    const { world, setUp } = opened
    try {
      await quiet(world)
      const [crm, emarketeer] = await Promise.all([
        readRequests(world.logs.crm, setUp.fromMs, setUp.toMs),
        readRequests(world.logs.emarketeer, setUp.fromMs, setUp.toMs),
      ])
      const { total } = await world.crm.get<{ readonly total: number }>(
        'rows/em_subscriptions?limit=1',
      )
      const recorded = [...crm, ...emarketeer].sort((a, b) => a.startedMs - b.startedMs)
      const bare = await replay(recorded)
      const ms = setUp.toMs - setUp.fromMs
      run.note(
        `  ${ms} ms beside ${Math.round(bare.ms)} ms bare; requests CRM ${crm.length}, eMarketeer ${emarketeer.length}; ` +
          `${bare.differing} answered with another status; ${total} subscription rows`,
      )
      yield { values: [ms / bare.ms], wrongOrMissing: 0 }
    } finally {
      await opened.stop()
    }
  }
}
