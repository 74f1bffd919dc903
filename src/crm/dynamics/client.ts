import { randomUUID } from 'node:crypto'
import type { z } from 'zod'
import {
  type Answer,
  type CallContext,
  type Http,
  type HttpAnswer,
  type HttpRequest,
  readRecords,
  type TextAnswer,
  UpstreamError,
} from '../../http/index.js'
import type { TokenSource } from './auth/token-source.js'
import { rowPage } from './reading/rows.js'
import { CUSTOMIZATION_LOCK } from './wire/errors.js'

/** Path of the Web API below the environment. */
export const API_ROOT = '/api/data/v9.2/'

/** Seconds to wait for the customization lock without a Retry-After (docs/wire-dataverse.md, 14). */
const LOCK_WAIT_SECONDS = { from: 10, to: 30 }

/** A request to the client: the path is below the API root, or a link from an answer. */
export type DataverseRequest = Omit<HttpRequest, 'context'>

/**
 * Authenticated calls to one environment. A refused token is dropped and the call repeated once with a new one. A 401
 * is answered before anything is carried out, so this is safe for writes. Nothing else is repeated here.
 */
export class DataverseClient {
  constructor(
    private readonly http: Http,
    private readonly tokens: TokenSource,
    readonly environmentUrl: string,
  ) {}

  /** Fetches a token if needed, so that the next call is measured alone. @throws UpstreamError */
  async warmUp(context: CallContext): Promise<void> {
    await this.tokens.token(context)
  }

  /** @throws UpstreamError */
  text(request: DataverseRequest, context: CallContext): Promise<TextAnswer> {
    return this.#authenticated(request, context, (call) => this.http.text(call))
  }

  /** @throws UpstreamError, also `upstream_not_json` for a page of HTML. */
  json<S extends z.ZodType>(
    request: DataverseRequest,
    answer: Answer<S>,
    context: CallContext,
  ): Promise<HttpAnswer<z.output<S>>> {
    return this.#authenticated(request, context, (call) => this.http.json(call, answer))
  }

  /** The rows of one page, each parsed separately. @throws UpstreamError as {@link json} */
  async rows<S extends z.ZodType>(
    request: DataverseRequest,
    row: Answer<S>,
    context: CallContext,
  ): Promise<z.output<S>[]> {
    const { body } = await this.json(request, rowPage, context)
    return readRecords(row, body.value, context)
  }

  async #authenticated<T>(
    request: DataverseRequest,
    context: CallContext,
    send: (call: HttpRequest) => Promise<T>,
  ): Promise<T> {
    const first = await this.tokens.token(context)
    try {
      return await send(this.#call(request, first, context))
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.status !== 401) {
        throw withLockWait(error)
      }
    }
    this.tokens.drop(first)
    const second = await this.tokens.token(context)
    try {
      return await send(this.#call(request, second, context))
    } catch (error) {
      if (error instanceof UpstreamError && error.status === 401) {
        this.tokens.drop(second)
      }
      throw withLockWait(error)
    }
  }

  #call(request: DataverseRequest, token: string, context: CallContext): HttpRequest {
    const path = /^https?:\/\//i.test(request.path) ? request.path : API_ROOT + request.path
    const headers = {
      authorization: `Bearer ${token}`,
      'x-ms-client-request-id': randomUUID(),
      ...request.headers,
    }
    return { ...request, path, headers, context }
  }
}

/** The lock may come without Retry-After; jitter keeps several set-ups from colliding again. */
function withLockWait(error: unknown): unknown {
  if (
    !(error instanceof UpstreamError) ||
    error.upstreamCode !== CUSTOMIZATION_LOCK ||
    error.retryAfterSeconds !== null
  ) {
    return error
  }
  const { from, to } = LOCK_WAIT_SECONDS
  const retryAfterSeconds = from + Math.floor(Math.random() * (to - from + 1))
  const { code, system, status, upstreamCode, mayHaveBeenApplied, requestId, operation } = error
  return new UpstreamError(
    {
      code,
      system,
      status,
      upstreamCode,
      retryable: true,
      mayHaveBeenApplied,
      retryAfterSeconds,
      requestId,
      operation,
      message: 'the organisation is being customised',
    },
    { cause: error },
  )
}
