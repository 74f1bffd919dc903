/** A signal of one request that follows the caller's, and can be fired by us too. */
export interface LinkedAbort {
  readonly signal: AbortSignal
  abort(): void
  /** Lets go of the caller's signal; an activity's signal outlives thousands of requests. */
  dispose(): void
}

/** Links without `AbortSignal.any`, whose links to a long-lived signal are kept by Node 20 until it fires. */
export function linkAbort(outer: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController()
  const abort = () => controller.abort()
  outer?.addEventListener('abort', abort, { once: true })
  return {
    signal: controller.signal,
    abort,
    dispose: () => outer?.removeEventListener('abort', abort),
  }
}
