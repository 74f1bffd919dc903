import { performance } from 'node:perf_hooks'
import type { z } from 'zod'
import { type AnswerLimits, PAGE_ANSWER } from './parse-json.js'
import type { Answer } from './answers.js'
import type { CallContext, ClockReading } from './call-context.js'
import { cancelled, failure, statusFailure, transportFailure } from './failures.js'
import type {
  Http,
  HttpAnswer,
  HttpOptions,
  HttpRequest,
  TextAnswer,
  HttpTimeouts,
} from './http-types.js'
import { readJson } from './read-json.js'
import { UpstreamError, type UpstreamSystem } from './upstream-error.js'
import http from 'node:http'
import https from 'node:https'
import got, { type Got } from 'got'

/** Short for phases that compute nothing, and long enough for the answer to a bulk call of 1,000 items. */
const DEFAULT_TIMEOUTS: HttpTimeouts = {
  lookupMs: 5_000,
  connectMs: 5_000,
  secureConnectMs: 10_000,
  socketMs: 60_000,
  sendMs: 60_000,
  responseMs: 60_000,
  requestMs: 120_000,
}

/** Sockets per origin. Dataverse allows 52 concurrent requests, so that more do not help. */
const DEFAULT_MAX_SOCKETS = 32

/** The got instance of one system, and a function that closes its open connections. */
function createGot(options: HttpOptions): { client: Got; close: () => void } {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  const agentOptions = {
    keepAlive: true,
    maxSockets: options.maxSockets ?? DEFAULT_MAX_SOCKETS,
    // Takes the most recently used socket first, so that idle ones are closed before the server closes them during a
    // request.
    scheduling: 'lifo' as const,
  }
  const agent = {
    http: new http.Agent(agentOptions),
    https: new https.Agent({
      ...agentOptions,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    }),
  }
  const client = got.extend({
    agent,
    headers: { accept: 'application/json', 'user-agent': 'legal-basis-sync', ...options.headers },
    retry: { limit: 0 },
    followRedirect: false,
    throwHttpErrors: false,
    decompress: true,
    responseType: 'text',
    ...(options.ca === undefined ? {} : { https: { certificateAuthority: options.ca } }),
    timeout: {
      lookup: timeouts.lookupMs,
      connect: timeouts.connectMs,
      secureConnect: timeouts.secureConnectMs,
      socket: timeouts.socketMs,
      send: timeouts.sendMs,
      response: timeouts.responseMs,
      read: timeouts.requestMs,
      request: timeouts.requestMs,
    },
  })
  return {
    client,
    close: () => {
      agent.http.destroy()
      agent.https.destroy()
    },
  }
}

/**
 * The URL of a call. An absolute one (a next link from an answer) must have our origin, because the credentials are
 * sent with it.
 * @throws UpstreamError `upstream_unexpected_answer`, not retryable.
 */
function requestUrl(options: HttpOptions, request: HttpRequest): URL {
  const base = options.baseUrl.replace(/\/+$/, '')
  const absolute = /^https?:\/\//i.test(request.path)
  const url = new URL(absolute ? request.path : base + request.path)
  if (url.origin !== new URL(base).origin) {
    throw failure(options, request, 'upstream_unexpected_answer', 'a link to another origin', null)
  }
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) {
      url.searchParams.set(name, String(value))
    }
  }
  return url
}

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
interface LinkedAbort {
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
