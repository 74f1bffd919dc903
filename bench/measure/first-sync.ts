import { loadavg } from 'node:os'
import { Client } from 'pg'
import { workflowIds } from '../../src/contracts/names.js'
import { replay } from '../bare/replay.js'
import type { Repetition, Run } from '../figures.js'
import { readRequests } from '../record/request-log.js'
import { roomyDynamicsPlace } from '../world/dynamics-place.js'
import { openWorld } from '../world/open-world.js'
import { setupPhases } from './phases.js'
import { cpuMs, peakMegabytes, serverCpuMs } from './process.js'
import { startProfile } from './profile.js'
import { quiet } from './quiet.js'
import { delay, LATENCY_MS } from './sendout.js'

/** Set-up with its first sync, every subscription row written, against the same requests sent again. A world for each repetition. */
export async function* measureFirstSyncs(run: Run): AsyncGenerator<Repetition> {
  for (let n = 1; n <= run.repetitions; n += 1) {
    const { profileTo } = run
    let endProfile: Awaited<ReturnType<typeof startProfile>> | undefined
    const opened = await openWorld(roomyDynamicsPlace, run.size, profileTo !== null, run.note, {
      beforeSetUp: async (world, truth) => {
        await truth.addCategory('Offers')
        await delay(world, LATENCY_MS)
        endProfile =
          profileTo === null ? undefined : await startProfile(world, profileTo, `set-up_${n}`)
      },
    })
    const { world, setUp, client } = opened
    try {
      const workerCpuMs = await cpuMs(world.workerPid)
      const databaseCpuMs = await databaseCpu(world.databaseUrl)
      const load = loadavg()[0]!.toFixed(1)
      const phases = await setupPhases(client, workflowIds.setup(world.connectionId))
      await endProfile?.(phases)
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
      const spans = [...phases].map(
        ([phase, { fromMs, toMs }]) => `${phase} ${Math.round(toMs - fromMs)}`,
      )
      run.note(
        `  ${ms} ms (${spans.join(', ')}) beside ${Math.round(bare.ms)} ms bare; ` +
          `requests CRM ${crm.length}, eMarketeer ${emarketeer.length}; ` +
          `CPU worker ${workerCpuMs ?? '?'}, database ${databaseCpuMs}, beside ${Math.round(bare.cpuMs)} ms; peak ${(await peakMegabytes(world.workerPid)) ?? '?'} MB; ` +
          `${bare.differing} answered with another status; ${total} subscription rows; load ${load}`,
      )
      yield { values: [ms / bare.ms], wrongOrMissing: 0 }
    } finally {
      await opened.stop()
    }
  }
}

async function databaseCpu(connectionString: string): Promise<number> {
  const client = new Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    return await serverCpuMs(rows[0]!.pid)
  } finally {
    await client.end()
  }
}
