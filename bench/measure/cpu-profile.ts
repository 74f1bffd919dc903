import { copyFile, rm, stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../world/start-world.js'

const LOOK_EVERY_MS = 100
const WAIT_AT_MOST_MS = 120_000

/**
 * Profiles the worker's main thread from now on (profile-on-signal.mjs).
 *
 * @returns what ends it, and puts the profile into the file. @throws Error where the worker does not write it in two minutes.
 */
export function startCpuProfile(
  { workerPid, workerProfile }: World,
  file: string,
): () => Promise<void> {
  process.kill(workerPid, 'SIGWINCH')
  return async () => {
    process.kill(workerPid, 'SIGWINCH')
    const untilMs = Date.now() + WAIT_AT_MOST_MS
    while (!(await isThere(workerProfile))) {
      if (Date.now() > untilMs) {
        throw new Error(`no ${workerProfile} after ${WAIT_AT_MOST_MS / 1000} s`)
      }
      await sleep(LOOK_EVERY_MS)
    }
    await copyFile(workerProfile, file)
    await rm(workerProfile)
  }
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}
