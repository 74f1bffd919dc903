import http from 'node:http'
import https from 'node:https'
import got, { type Got } from 'got'
import type { HttpOptions, HttpRequest, HttpTimeouts } from './http-types.js'
import { failure } from './failures.js'

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
export function createGot(options: HttpOptions): { client: Got; close: () => void } {
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
export function requestUrl(options: HttpOptions, request: HttpRequest): URL {
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
