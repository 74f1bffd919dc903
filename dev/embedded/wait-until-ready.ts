import type { GuardedProcess } from './guarded-process.js'

const readyTimeoutMs = 180_000
const pollMs = 30

/**
 * Asks a server that was just started until it answers.
 *
 * @param probe rejects as long as the server does not answer
 * @returns false when the server ended first, or did not answer for a minute
 */
export async function waitUntilReady(
  server: GuardedProcess,
  probe: () => Promise<unknown>,
): Promise<boolean> {
  let running = true
  void server.exited.then(() => (running = false))
  const deadlineMs = Date.now() + readyTimeoutMs
  while (running && Date.now() < deadlineMs) {
    try {
      await probe()
      return running
    } catch {
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }
  return false
}
