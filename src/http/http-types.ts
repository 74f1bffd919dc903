import type { z } from 'zod'
import type { AnswerLimits } from './answer-limits.js'
import type { Answer } from './answers.js'
import type { CallContext } from './call-context.js'
import type { UpstreamCode, UpstreamSystem } from './upstream-error.js'

/** One call. `effect` tells whether a lost answer may hide a stored change; a POST can be a read. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the base URL, variable parts already encoded; or an absolute URL of the same origin (next links). */
  readonly path: string
  /** Method and path template for errors and metrics, e.g. `GET /audiences/{id}/contacts`. */
  readonly operation: string
  /** Short name for the tally, e.g. `audiences.contacts`. */
  readonly name: string
  readonly effect: 'read' | 'write'
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Sent as application/json. */
  readonly json?: unknown
  /** A body in another type; give its content-type in `headers`. Not together with `json`. */
  readonly body?: string | undefined
  /** Statuses outside 2xx that are an outcome and not a failure (304, 404, 412); their body is returned as text. */
  readonly acceptStatuses?: readonly number[] | undefined
  /** How large the answer may be. Default: as the client is set up. */
  readonly limits?: AnswerLimits | undefined
  /** Longer or shorter than the client's own limit for the whole request (long polls). */
  readonly requestTimeoutMs?: number | undefined
  readonly context?: CallContext | undefined
}

/** An answer that was accepted. Header names are lower case. */
export interface HttpAnswer<T> {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: T
}

/** Answer with the raw text, for bodies that are not JSON (multipart, XML, none). */
export type TextAnswer = HttpAnswer<string>

/** Limits of each phase, milliseconds; every one is always set. */
export interface HttpTimeouts {
  readonly lookupMs: number
  readonly connectMs: number
  readonly secureConnectMs: number
  /** Silence on the socket. */
  readonly socketMs: number
  readonly sendMs: number
  /** From the request being sent until the answer begins. */
  readonly responseMs: number
  /** The whole request. */
  readonly requestMs: number
}

/** What a system's error body says. */
export interface ErrorDescription {
  readonly upstreamCode: string | null
  /** Overrides the code that the status alone gives (a 400 that means throttled, a 403 that means disabled). */
  readonly code?: UpstreamCode | undefined
  /** Override what the code alone says. */
  readonly retryable?: boolean | undefined
  readonly mayHaveReachedServer?: boolean | undefined
  /** Paths of the body that were refused, shown in the message; never values. */
  readonly paths?: readonly string[] | undefined
}

/** How one system's client is set up. */
export interface HttpOptions {
  readonly system: UpstreamSystem
  readonly baseUrl: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly timeouts?: Partial<HttpTimeouts> | undefined
  /** How large an answer may be where a request does not say. Default: `PAGE_ANSWER`. */
  readonly limits?: AnswerLimits | undefined
  /** Sockets kept per origin. Default 32. */
  readonly maxSockets?: number | undefined
  /** Response header with the server's request id. Default `x-request-id`. */
  readonly requestIdHeader?: string | undefined
  /** Trusted in place of the public certificate authorities, PEM (on-site installations). */
  readonly ca?: string | undefined
  readonly hooks?: {
    /** Headers made per request, e.g. a bearer token. What it throws is passed on as it is. */
    readonly requestHeaders?: (
      context: CallContext | undefined,
    ) => Promise<Readonly<Record<string, string>>>
    /**
     * Reads a system's error body; by default nothing is read of it. What it gives goes into messages, logs and Temporal:
     * codes and paths that are known, or of a form that no value of a person's has.
     */
    readonly describeError?: (answer: TextAnswer) => ErrorDescription
  }
}

/** The plumbing that every client is built on. All methods throw `UpstreamError` only (and what a hook throws). */
export interface Http {
  /** Calls and returns the text of an accepted answer. */
  text(request: HttpRequest): Promise<TextAnswer>
  /** Calls, parses JSON and checks its shape. */
  json<S extends z.ZodType>(
    request: HttpRequest,
    answer: Answer<S>,
  ): Promise<HttpAnswer<z.output<S>>>
  /** Closes kept connections. */
  close(): void
}
