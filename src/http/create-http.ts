import { performance } from 'node:perf_hooks'
import type { z } from 'zod'
import { type AnswerLimits, PAGE_ANSWER } from './answer-limits.js'
import type { Answer } from './answers.js'
import type { CallContext, ClockReading } from './call-context.js'
import { createGot, requestUrl } from './create-got.js'
import { cancelled, failure, statusFailure, transportFailure } from './failures.js'
import type { Http, HttpAnswer, HttpOptions, HttpRequest, TextAnswer } from './http-types.js'
import { readJson } from './read-json.js'
import { UpstreamError, type UpstreamSystem } from './upstream-error.js'

/**
 * Creates the HTTP plumbing of one system: no retries, redirects or cookies, every time-out set, and every failure as
 * an `UpstreamError`. Temporal retries; retries here would multiply its attempts.
 */
export function createHttp(options: HttpOptions): Http {
  const { client, close } = createGot(options)
  const describe = options.hooks?.describeError ?? (() => ({ upstreamCode: null }))

  async function text(request: HttpRequest): Promise<TextAnswer> {
    const context = request.context
    if (context?.signal?.aborted) {
      throw cancelled(options, request, context.signal, false)
    }
    const url = requestUrl(options, request)
    const { bytes: maxBytes } = limitsOf(request)
    const extraHeaders = await options.hooks?.requestHeaders?.(context)
    const link = linkAbort(context?.signal)
    const startedAtMs = Date.now()
    const startedTick = performance.now()
    let status: number | null = null
    let tooLarge = false
    context?.tally?.add(options.system, request.name)
    try {
      const call = client(url, {
        method: request.method,
        headers: { ...extraHeaders, ...request.headers },
        signal: link.signal,
        ...(request.json === undefined ? {} : { json: request.json }),
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.requestTimeoutMs === undefined
          ? {}
          : { timeout: longer(request.requestTimeoutMs) }),
      })
      void call.on('downloadProgress', ({ transferred }) => {
        if (transferred > maxBytes && !tooLarge) {
          tooLarge = true
          link.abort()
        }
      })
      const response = await call
      status = response.statusCode
      const answer: TextAnswer = {
        status,
        headers: flatHeaders(response.headers),
        body: response.body,
      }
      reportClock(context, answer, startedAtMs)
      if ((status < 200 || status > 299) && !request.acceptStatuses?.includes(status)) {
        throw statusFailure(options, request, answer, describe(answer))
      }
      context?.onRequest?.(record(null))
      return answer
    } catch (error) {
      const converted = tooLarge
        ? failure(options, request, 'upstream_answer_too_large', largerThan(maxBytes), null)
        : context?.signal?.aborted
          ? cancelled(options, request, context.signal, true)
          : error instanceof UpstreamError
            ? error
            : transportFailure(options, request, error)
      context?.onRequest?.(record(converted))
      throw converted
    } finally {
      link.dispose()
    }

    function record(error: UpstreamError | null) {
      return {
        system: options.system,
        operation: request.operation,
        status: error?.status ?? status,
        durationMs: performance.now() - startedTick,
        failure: error?.code ?? null,
      }
    }
  }

  async function json<S extends z.ZodType>(
    request: HttpRequest,
    answer: Answer<S>,
  ): Promise<HttpAnswer<z.output<S>>> {
    const given = await text(request)
    const reading = readJson(given, answer, limitsOf(request))
    if (!reading.ok) {
      throw failure(options, request, reading.code, reading.reason, given)
    }
    return { ...given, body: reading.value }
  }

  function limitsOf(request: HttpRequest): AnswerLimits {
    return request.limits ?? options.limits ?? PAGE_ANSWER
  }

  function reportClock(context: CallContext | undefined, answer: TextAnswer, sentAtMs: number) {
    const reading = readClock(options.system, answer.headers['date'], sentAtMs, Date.now())
    if (reading !== null) {
      context?.onClock?.(reading)
    }
  }

  return { text, json, close }
}

const KEPT = new Map<string, Http>()

/**
 * The plumbing of one host. The process keeps it with its connections, because sessions open and close with activities.
 * @param key distinguishes what `options` distinguish.
 */
export function keptHttp(key: string, options: HttpOptions): Http {
  const id = `${options.system} ${key}`
  const http = KEPT.get(id) ?? createHttp(options)
  KEPT.set(id, http)
  return http
}

function largerThan(maxBytes: number): string {
  const mib = maxBytes / (1024 * 1024)
  return `the answer is larger than ${Number.isInteger(mib) ? `${mib} MiB` : `${maxBytes} bytes`}`
}

/** A long poll is silent until its end, so the time-outs on silence grow with the request's. */
function longer(requestTimeoutMs: number) {
  return {
    request: requestTimeoutMs,
    response: requestTimeoutMs,
    socket: requestTimeoutMs,
    read: requestTimeoutMs,
  }
}

function flatHeaders(headers: Record<string, string | string[] | undefined>) {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) {
      flat[name] = Array.isArray(value) ? value.join(', ') : value
    }
  }
  return flat
}

/** A signal for one request that follows the caller's and that we can also fire. */
export interface LinkedAbort {
  readonly signal: AbortSignal
  abort(): void
  /** Removes the listener on the caller's signal, because an activity's signal outlives thousands of requests. */
  dispose(): void
}

/** Links without `AbortSignal.any`: Node 20 keeps its links to a long-lived signal until that fires. */
function linkAbort(outer: AbortSignal | undefined): LinkedAbort {
  const controller = new AbortController()
  const abort = () => controller.abort()
  outer?.addEventListener('abort', abort, { once: true })
  return {
    signal: controller.signal,
    abort,
    dispose: () => outer?.removeEventListener('abort', abort),
  }
}

/** Date is cut to the second, so that the server's clock was on average half a second later. */
const HALF_SECOND_MS = 500

/**
 * Reads a server's clock from one exchange.
 * @param sentAtMs and receivedAtMs are Unix milliseconds of our clock.
 * @returns null if the Date header is missing or invalid.
 */
export function readClock(
  system: UpstreamSystem,
  dateHeader: string | undefined,
  sentAtMs: number,
  receivedAtMs: number,
): ClockReading | null {
  const serverMs = dateHeader === undefined ? Number.NaN : Date.parse(dateHeader)
  if (Number.isNaN(serverMs)) {
    return null
  }
  const roundTripMs = Math.max(0, receivedAtMs - sentAtMs)
  const offsetMs = Math.round(serverMs + HALF_SECOND_MS - (sentAtMs + roundTripMs / 2))
  return { system, offsetMs, roundTripMs, resolutionMs: 1000 }
}
