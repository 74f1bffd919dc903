/** Long enough for a proxy to wake up, short enough for a person who watches. */
const TIMEOUT_MS = 10_000

/** Calls our own gateway through its public address (E2). @returns the fault in a few words; null: it answers. */
export async function askGateway(
  publicUrl: string,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  try {
    const answer = await fetch(`${publicUrl}/healthz`, {
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    const body: unknown = answer.ok ? await answer.json() : await answer.body?.cancel()
    if (!answer.ok) {
      return `status ${answer.status}`
    }
    const status = (body as { status?: unknown } | null)?.status
    return status === 'ok' ? null : 'somebody else answers there'
  } catch (error) {
    if (signal?.aborted) {
      throw error
    }
    return wordsOf(error)
  }
}

function wordsOf(error: unknown): string {
  if ((error as Error).name === 'SyntaxError') {
    return 'somebody else answers there'
  }
  if ((error as Error).name === 'TimeoutError') {
    return `no answer within ${TIMEOUT_MS / 1000} s`
  }
  const cause = (error as { cause?: { code?: unknown } }).cause
  return typeof cause?.code === 'string' ? cause.code : 'no connection'
}
