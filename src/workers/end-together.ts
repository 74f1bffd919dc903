/** A long-lived part of a process; works until it is stopped. */
export interface Part {
  /** Resolves when it was stopped and has ended; rejects if it ended by a failure. */
  run(): Promise<void>
  /** Stops it gracefully; may be called more than once, also after its end. */
  stop(): void
}

/**
 * Runs the parts of one process until the signal aborts. If one ends by itself, stops the others and throws its failure
 * once all have ended: a process with only some of its parts would look healthy and do nothing.
 * @throws the failure of the part that ended first, or Error if it gave no reason.
 */
export async function endTogether(parts: readonly Part[], signal: AbortSignal): Promise<void> {
  const stop = () => parts.forEach((part) => part.stop())
  signal.addEventListener('abort', stop, { once: true })
  const failures: unknown[] = []
  const running = parts.map(async (part) => {
    try {
      await part.run()
      if (!signal.aborted && failures.length === 0) {
        failures.push(new Error('A part of the process ended by itself.'))
      }
    } catch (error) {
      failures.push(error)
    }
    stop()
  })
  if (signal.aborted) {
    stop()
  }
  await Promise.all(running)
  signal.removeEventListener('abort', stop)
  if (failures.length > 0) {
    throw failures[0]
  }
}
