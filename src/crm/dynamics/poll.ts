import { setTimeout as delay } from 'node:timers/promises'
import type { CallContext } from '../../http/index.js'

/** First pause between checks: short, because most waits end soon. */
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

/**
 * Polls for something for a bounded time. Cancelling the call ends a pause immediately.
 * @returns null on time-out. @throws what `look` throws, or the reason of a cancellation.
 */
export async function poll<T>(
  look: () => Promise<T | null>,
  { withinMs }: { readonly withinMs: number },
  context: CallContext,
): Promise<T | null> {
  const endMs = Date.now() + withinMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const seen = await look()
    if (seen !== null || Date.now() + pauseMs > endMs) {
      return seen
    }
    await delay(pauseMs, undefined, context.signal === undefined ? {} : { signal: context.signal })
  }
}
