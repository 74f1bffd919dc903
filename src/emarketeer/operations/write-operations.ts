import { type CallContext, type HttpRequest, UpstreamError } from '../../http/index.js'
import type { EmarketeerClient } from '../client.js'
import { toWriteResults, writeAnswer, writeBody } from '../wire/write-schemas.js'
import { withoutRefused } from '../without-refused.js'
import { MAX_WRITE_ITEMS, type StateWrite, type WriteAnswer, type WriteRequest } from '../writes.js'
import { assertAtMost, type Wire } from './wire.js'
import { setTimeout as sleep } from 'node:timers/promises'

/** How a call repeats a write of unknown outcome. */
export interface RepeatOptions {
  /** The first wait. It doubles each time, and half of it is random. */
  readonly baseDelayMs: number
  /** The longest Retry-After that this call waits for. The caller waits for a longer one. */
  readonly maxDelayMs: number
}

const DEFAULT_REPEAT: RepeatOptions = { baseDelayMs: 500, maxDelayMs: 10_000 }

/** The first attempt and two repeats. */
const MAX_TRIES = 3

const MAX_BODY_BYTES = 2 * 1024 * 1024
const KEY_FORM = /^[A-Za-z0-9._:-]{8,128}$/

/** EM-B4: the conditional bulk write. */
export function writeOperations(
  { http, call }: Wire,
  repeat: RepeatOptions = DEFAULT_REPEAT,
): Pick<EmarketeerClient, 'writeStates'> {
  const send = async (
    write: WriteRequest,
    context: CallContext | undefined,
  ): Promise<WriteAnswer> => {
    const body = writeBody(write, Date.now())
    assertAtMost(Buffer.byteLength(body), MAX_BODY_BYTES, 'write body bytes')
    const request = call({
      method: 'POST',
      path: '/states/write',
      operation: 'POST /states/write',
      name: 'states.write',
      effect: 'write',
      headers: { 'idempotency-key': write.idempotencyKey, 'content-type': 'application/json' },
      body,
      context,
    })
    const expected = writeAnswer(write.items)
    const answer = await repeated(request, () => http.json(request, expected), repeat)
    return {
      results: toWriteResults(answer.body.results, context),
      replayed: answer.headers['idempotent-replayed'] === 'true',
    }
  }
  return {
    async writeStates(write, context) {
      assertAtMost(write.items.length, MAX_WRITE_ITEMS, 'write items')
      if (!KEY_FORM.test(write.idempotencyKey)) {
        throw new RangeError('the idempotency key is not 8 to 128 characters of A-Za-z0-9._:-')
      }
      let replayed = false
      const results = new Map<StateWrite, WriteAnswer['results'][number]>()
      for (let left = write.items; left.length > 0;) {
        try {
          const answer = await send({ ...write, items: left }, context)
          answer.results.forEach((result, index) => results.set(left[index]!, result))
          replayed = answer.replayed
          break
        } catch (error) {
          // Nothing was applied and the key is still unused. The call is repeated without the malformed items, so that
          // no opt-out waits for them.
          left = withoutRefused(error, 'items', left).rest
        }
      }
      return {
        results: write.items.map((item) => results.get(item) ?? { status: 'invalid' }),
        replayed,
      }
    },
  }
}

/**
 * Repeats while the outcome is unknown. If an attempt may have stored the write, the error of a later attempt states
 * it, too.
 */
async function repeated<T>(
  request: HttpRequest,
  send: () => Promise<T>,
  { baseDelayMs, maxDelayMs }: RepeatOptions,
): Promise<T> {
  let mayHaveBeenApplied = false
  for (let tries = 1; ; tries += 1) {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof UpstreamError)) {
        throw error
      }
      mayHaveBeenApplied ||= error.mayHaveBeenApplied
      const backoffMs = baseDelayMs * 2 ** (tries - 1) * (0.5 + Math.random() / 2)
      const delayMs = Math.max((error.retryAfterSeconds ?? 0) * 1_000, backoffMs)
      if (tries === MAX_TRIES || !isWorthRepeating(error) || delayMs > maxDelayMs) {
        throw withMemory(error, mayHaveBeenApplied)
      }
      if (!(await pause(delayMs, request.context?.signal))) {
        throw cancelledWhileWaiting(error, mayHaveBeenApplied, request.context?.signal?.reason)
      }
    }
  }
}

/** Whether to repeat. The caller waits for a 429, because its complete queue must slow down, not only this call. */
function isWorthRepeating(error: UpstreamError): boolean {
  return error.retryable && error.code !== 'upstream_rate_limited'
}

function withMemory(error: UpstreamError, mayHaveBeenApplied: boolean): UpstreamError {
  return error.mayHaveBeenApplied === mayHaveBeenApplied
    ? error
    : new UpstreamError({ ...error, message: error.detail, mayHaveBeenApplied })
}

function cancelledWhileWaiting(error: UpstreamError, mayHaveBeenApplied: boolean, cause: unknown) {
  return new UpstreamError(
    {
      ...error,
      code: 'upstream_cancelled',
      retryable: false,
      mayHaveBeenApplied,
      message: 'cancelled by the caller before a repetition',
    },
    { cause },
  )
}

/** Waits; false if the signal fires first. */
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
