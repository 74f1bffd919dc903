import { afterAll } from '@jest/globals'
import { startProcess, type ProcessOptions, type RunningProcess } from './start-process.js'

/** Starts programs for the test file (or `describe`), and ends them all at its end, last first. */
export function withProcesses(): {
  start<Ready>(options: ProcessOptions): Promise<RunningProcess<Ready>>
} {
  const running: RunningProcess<unknown>[] = []
  afterAll(async () => {
    for (const process of running.reverse()) {
      await process.stop()
    }
  })
  return {
    async start<Ready>(options: ProcessOptions) {
      const started = await startProcess<Ready>(options)
      running.push(started)
      return started
    },
  }
}
