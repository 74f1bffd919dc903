/**
 * Preloaded into the worker of a profiled world: on SIGWINCH it profiles the main thread, where activities run, until the next
 * SIGWINCH, and then writes the file that BENCH_CPU_PROFILE names, for Chrome's developer tools. Temporal's runtime takes
 * SIGUSR2 for an order to stop, and V8's profiler needs SIGPROF; a process without a listener ignores SIGWINCH.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  const file = process.env.BENCH_CPU_PROFILE
  let session = null
  process.on('SIGWINCH', () => {
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
