import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker'
import { startProgram } from '../../dev/embedded/start-program.js'
import type { Repetition, Run } from '../figures.js'
import { dynamicsPlace } from '../world/dynamics-place.js'
import { openWorld } from '../world/open-world.js'
import { megabytesNow } from './process.js'
import { quiet } from './quiet.js'

/** After about this time an idle worker's memory is stable. */
const SETTLED_MS = 10_000

/** Memory of our idle worker after a first sync, and of a worker that never did anything. */
export async function* compareIdleWorkers(run: Run): AsyncGenerator<Repetition> {
  for (let n = 0; n < run.repetitions; n += 1) {
    const opened = await openWorld(dynamicsPlace, run.size, false, run.note)
    const { world } = opened
    try {
      const workflowsPath = fileURLToPath(new URL('../bare/empty-workflow.ts', import.meta.url))
      const bundle = `${world.directory}/empty-workflow.js`
      const { code } = await bundleWorkflowCode({
        workflowsPath,
        logger: new DefaultLogger('WARN'),
      })
      await writeFile(bundle, code)
      const empty = await startProgram({
        entry: 'bench/bare/empty-worker.ts',
        args: [bundle],
        env: { TEMPORAL_ADDRESS: world.env['TEMPORAL_ADDRESS'] },
      })
      await quiet(world)
      await sleep(SETTLED_MS)
      const [ours, bare] = await Promise.all([
        megabytesNow(world.workerPid),
        megabytesNow(empty.pid),
      ]).finally(() => empty.stop())
      run.note(`  ${ours ?? '?'} MB beside ${bare ?? '?'} MB`)
      yield { values: [(ours ?? NaN) / (bare ?? NaN)], wrongOrMissing: 0 }
    } finally {
      await opened.stop()
    }
  }
}
