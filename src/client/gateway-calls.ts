import { setTimeout as wait } from 'node:timers/promises'
import { AppError, type ErrorDocument } from '../contracts/app-error.js'
import { ERROR_CATALOGUE } from '../contracts/error-catalogue.js'
import { checkUrl, describeUrl } from '../http/check-url.js'
import type { Secret } from '../config/secrets/secret.js'
import { describeSecret } from '../config/environment/variable.js'

/** Reads from the gateway. */
export interface GatewayCalls {
  /**
   * GETs a JSON document. Repeats a call that may succeed later (503, 429, no answer) a few times, after Retry-After if
   * it is given.
   * @throws AppError with the document's code; GatewayError.
   */
  get(path: string, signal?: AbortSignal): Promise<unknown>
}

/** A first page may have to wait for eMarketeer's feed. */
const ANSWER_TIMEOUT_MS = 60_000
const ATTEMPTS = 5
const BASE_DELAY_MS = 500
/** A longer Retry-After is left to the caller. */
const LONGEST_WAIT_MS = 30_000

interface Failed {
  readonly error: AppError | GatewayError
  readonly retryable: boolean
  readonly retryAfterMs: number | null
}

/**
 * Creates the calls to one gateway. @throws AppError `value_invalid`; `http_not_allowed`: the key must not be sent
 * unencrypted.
 */
export function createGatewayCalls(gatewayUrl: string, apiKey: Secret): GatewayCalls {
  const fault = checkUrl(gatewayUrl, true)
  if (fault !== null) {
    const code = fault.kind === 'http' ? 'http_not_allowed' : 'value_invalid'
    throw new AppError(code, `The gateway's address ${fault.message}.`, {
      path: 'gatewayUrl',
      value: describeUrl(gatewayUrl),
    })
  }
  // A key that cannot be sent in a header would look like a gateway that does not answer.
  if (!/^[\x21-\x7e]+$/.test(apiKey.reveal())) {
    throw new AppError('value_invalid', "The gateway's key cannot be one.", {
      path: 'gatewayApiKey',
      value: describeSecret(apiKey.reveal()),
    })
  }
  const base = gatewayUrl.replace(/\/+$/, '')
  return {
    async get(path, signal) {
      for (let attempt = 1; ; attempt++) {
        const answer = await attemptOnce(`${base}${path}`, apiKey, signal)
        if (!('error' in answer)) {
          return answer.document
        }
        const waitMs = answer.retryAfterMs ?? BASE_DELAY_MS * 2 ** (attempt - 1)
        if (!answer.retryable || attempt === ATTEMPTS || waitMs > LONGEST_WAIT_MS) {
          throw answer.error
        }
        await wait(waitMs, undefined, signal ? { signal } : {})
      }
    },
  }
}

async function attemptOnce(
  url: string,
  apiKey: Secret,
  signal: AbortSignal | undefined,
): Promise<{ readonly document: unknown } | Failed> {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  let response: Response
  let body: unknown
  try {
    response = await fetch(url, {
      headers: { authorization: `Bearer ${apiKey.reveal()}`, accept: 'application/json' },
      // A redirect would send the key to another host.
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
    body = parse(await response.text())
  } catch (error) {
    signal?.throwIfAborted()
    const noAnswer = new GatewayError('The gateway does not answer.', true, null, { cause: error })
    return { error: noAnswer, retryable: true, retryAfterMs: null }
  }
  return response.ok && body !== null ? { document: body } : failed(response, body)
}

/** Parses an answer; a proxy's own page is not a document. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function failed(response: Response, body: unknown): Failed {
  const { status } = response
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null
  const reported = (body as Partial<ErrorDocument> | null)?.error
  if (reported && Object.hasOwn(ERROR_CATALOGUE, reported.code)) {
    const { code, message, path, value } = reported
    const error = new AppError(code, message, { path, value, retryAfterMs })
    return { error, retryable: status === 503 && error.kind.retryable, retryAfterMs }
  }
  // A 503 without our document comes from a proxy. With our document, Retry-After decides whether to repeat the call.
  const retryable =
    status === 429 || (status >= 502 && (reported === undefined || retryAfterMs !== null))
  const what = reported ? `${status} ${reported.code}` : String(status)
  const error = new GatewayError(`The gateway answered ${what}.`, retryable, status)
  return { error, retryable, retryAfterMs }
}

/**
 * The gateway could not be reached, or its answer is not of the catalogue. Errors of the catalogue are thrown as
 * AppError.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'

  constructor(
    message: string,
    /** Whether the same call may succeed later without help. */
    readonly retryable: boolean,
    /** HTTP status, or null if no answer came. */
    readonly status: number | null,
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }
}
