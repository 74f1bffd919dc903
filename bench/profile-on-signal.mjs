/**
 * Preloaded into the worker of a profiled world: on SIGUSR2 it profiles the main thread, where activities run, until the next
 * SIGUSR2, and then writes the file that BENCH_CPU_PROFILE names, for Chrome's developer tools.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const file = process.env.BENCH_CPU_PROFILE
  let session = null
  process.on('SIGUSR2', () => {
    if (session === null) {
      session = new Session()
      session.connect()
      session.post('Profiler.enable')
      session.post('Profiler.start')
      return
    }
    session.post('Profiler.stop', (error, answer) => {
      // In one step, as the bench waits for it.
      writeFileSync(`${file}.partial`, JSON.stringify(error ?? answer.profile))
      renameSync(`${file}.partial`, file)
    })
    session.disconnect()
    session = null
  })
}
