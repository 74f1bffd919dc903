/**
 * Preloaded into a worker that is profiled: SIGUSR2 begins a CPU profile of its main thread (activities, database,
 * requests; not the threads that run workflow code), and the next one ends and writes it, by `BENCH_PROFILE`.
 */
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { isMainThread } from 'node:worker_threads'

const path = process.env.BENCH_PROFILE
if (isMainThread && path !== undefined) {
  let session
  process.on('SIGUSR2', () => {
    if (session === undefined) {
      session = new Session()
      session.connect()
      session.post('Profiler.enable')
      session.post('Profiler.setSamplingInterval', { interval: 1_000 })
      session.post('Profiler.start')
    } else {
      session.post('Profiler.stop', (_, { profile }) => {
        writeFileSync(path, JSON.stringify({ ...profile, endedAtMs: Date.now() }))
      })
      session.disconnect()
      session = undefined
    }
  })
}
