import type { z } from 'zod'
import type { AnswerLimits } from './parse-json.js'
import type { Answer } from './answers.js'
import type { CallContext } from './call-context.js'
import type { UpstreamCode, UpstreamSystem } from './upstream-error.js'

/** One call. `effect` states whether a lost answer may hide a stored change; a POST can be a read. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below the base URL, with variable parts already encoded; or an absolute URL of the same origin (next links). */
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
  /** A body of another type; set its content-type in `headers`. Not together with `json`. */
  readonly body?: string | undefined
  /** Statuses outside 2xx that are a result, not a failure (304, 404, 412). Their body is returned as text. */
  readonly acceptStatuses?: readonly number[] | undefined
  /** Size limits of the answer. Default: the client's. */
  readonly limits?: AnswerLimits | undefined
  /** Replaces the client's limit for the complete request (long polls). */
  readonly requestTimeoutMs?: number | undefined
  readonly context?: CallContext | undefined
}

/** An accepted answer. Header names are lower case. */
export interface HttpAnswer<T> {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: T
}

/** Answer with the raw text, for bodies that are not JSON (multipart, XML, none). */
export type TextAnswer = HttpAnswer<string>

/** Time limits of each phase in ms. All are always set. */
export interface HttpTimeouts {
  readonly lookupMs: number
  readonly connectMs: number
  readonly secureConnectMs: number
  /** Silence on the socket. */
  readonly socketMs: number
  readonly sendMs: number
  /** From the end of sending until the answer begins. */
  readonly responseMs: number
  /** The complete request. */
  readonly requestMs: number
}

/** The facts in a system's error body. */
export interface ErrorDescription {
  readonly upstreamCode: string | null
  /** Overrides the status's code (a 400 that means throttled, a 403 that means disabled). */
  readonly code?: UpstreamCode | undefined
  /** Overrides, as do the next ones, what the code implies. */
  readonly retryable?: boolean | undefined
  readonly mayHaveReachedServer?: boolean | undefined
  /** Refused paths of the body, shown in the message; never values. */
  readonly paths?: readonly string[] | undefined
}

/** Options of one system's client. */
export interface HttpOptions {
  readonly system: UpstreamSystem
  readonly baseUrl: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly timeouts?: Partial<HttpTimeouts> | undefined
  /** Size limits of an answer if a request names none. Default: `PAGE_ANSWER`. */
  readonly limits?: AnswerLimits | undefined
  /** Sockets kept per origin. Default 32. */
  readonly maxSockets?: number | undefined
  /** Response header with the server's request id. Default `x-request-id`. */
  readonly requestIdHeader?: string | undefined
  /** PEM. Trusted instead of the public certificate authorities (on-site installations). */
  readonly ca?: string | undefined
  readonly hooks?: {
    /** Headers computed per request, such as a bearer token. Its errors are passed on unchanged. */
    readonly requestHeaders?: (
      context: CallContext | undefined,
    ) => Promise<Readonly<Record<string, string>>>
    /**
     * Reads a system's error body; by default it is not read. The result is used in messages, logs and Temporal: only
     * known codes and paths, or texts of a form that no personal value has.
     */
    readonly describeError?: (answer: TextAnswer) => ErrorDescription
  }
}

/** The plumbing of every client. All methods throw only `UpstreamError` (and what a hook throws). */
export interface Http {
  text(request: HttpRequest): Promise<TextAnswer>
  json<S extends z.ZodType>(
    request: HttpRequest,
    answer: Answer<S>,
  ): Promise<HttpAnswer<z.output<S>>>
  close(): void
}
