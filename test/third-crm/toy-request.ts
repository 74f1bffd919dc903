import { UpstreamError, type CallContext, type UpstreamCode } from '../../src/http/index.js'
import type { ToyCrm, ToyFault } from './toy-crm.js'

/** Operations of the toy CRM. */
export type ToyRequest = keyof ToyCrm['requests'] | 'check'

const CODES: Readonly<Record<number, UpstreamCode>> = {
  401: 'upstream_auth_failed',
  403: 'upstream_forbidden',
  429: 'upstream_rate_limited',
  500: 'upstream_unavailable',
  503: 'upstream_unavailable',
}

/** An error of the toy CRM. */
function failure(code: UpstreamCode, operation: string, more: Partial<UpstreamError> = {}) {
  return new UpstreamError({
    code,
    system: 'toy',
    status: more.status ?? null,
    retryable: more.retryable ?? false,
    mayHaveBeenApplied: false,
    retryAfterSeconds: more.retryAfterSeconds ?? null,
    operation,
    message: 'the toy CRM did not answer as it should',
  })
}

/** One request to the toy CRM. @throws UpstreamError as every client does. */
export async function request(
  crm: ToyCrm,
  kind: ToyRequest,
  fault: ToyFault | null,
  { signal, tally, onClock }: CallContext,
): Promise<void> {
  if (signal?.aborted) {
    throw failure('upstream_cancelled', kind)
  }
  tally?.add('toy', `toy.${kind}`)
  crm.asked += 1
  if (kind === 'read' || kind === 'changes') {
    crm.requests[kind] += 1
  }
  if (fault === 'hangs') {
    await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
    throw failure('upstream_cancelled', kind)
  }
  if (fault !== null) {
    const { status, retryAfterSeconds } = fault
    const code = CODES[status] ?? 'upstream_refused'
    const retryable = status === 429 || status >= 500
    throw failure(code, kind, { status, retryAfterSeconds, retryable })
  }
  onClock?.({
    system: 'toy',
    offsetMs: crm.switches.clockSkewMs,
    roundTripMs: 1,
    resolutionMs: 1000,
  })
}
