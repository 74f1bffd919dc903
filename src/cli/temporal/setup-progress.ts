import type { Output } from '../output.js'
import type { StartedRun } from './start-or-join.js'

/** The parts of set-up's answer to `status` that a person is told. */
interface SetupProgress {
  readonly percent: number
  readonly steps: readonly {
    readonly id: string
    readonly title: string
    readonly state: string
  }[]
}

/** Tells each step of set-up once when it begins, ends, or stops. */
export function setupProgress(run: StartedRun, output: Output): () => Promise<void> {
  const told = new Map<string, string>()
  return async () => {
    const { percent, steps } = await run.handle.query<SetupProgress>('status')
    for (const { id, title, state } of steps) {
      if (state !== 'pending' && told.get(id) !== state) {
        told.set(id, state)
        output.note(`${String(percent).padStart(3)} %  ${title}: ${state}`)
      }
    }
  }
}
