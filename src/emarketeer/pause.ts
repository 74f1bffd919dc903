import { setTimeout as sleep } from 'node:timers/promises'

/** Waits; false when the signal fired before the time was over. */
export async function pause(delayMs: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal })
    return true
  } catch (error) {
    if (signal?.aborted) {
      return false
    }
    throw error
  }
}
