import { type CallContext, answer, checkUrl, part, SingleFlight } from '../../http/index.js'
import type { OnlineConfig } from './config.js'
import { superOfficeFailure } from './superoffice-failure.js'
import { z } from 'zod'
import { loginHttp } from './http-clients.js'
import { parseUtc } from './wire/time.js'
import { AppError } from '../../contracts/app-error.js'

/** How long a status is valid: until `ValidUntil`, within these limits; a tenant that is down is checked again soon. */
const HOLDS_MS = { least: 1_000, unknown: 60_000, most: 24 * 3_600_000, down: 60_000 }

/** A tenant's status, cached while it is valid. One per tenant and process. */
export class TenantStatusSource {
  #current: TenantStatus | null = null
  #clockOffsetMs = 0
  readonly #reading: SingleFlight<TenantStatus>

  constructor(
    config: OnlineConfig,
    allowLoopbackHttp: boolean,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.#reading = new SingleFlight(async (context) => {
      this.#current = await readTenantStatus(config, allowLoopbackHttp, context)
      this.#clockOffsetMs = this.#current.clockOffsetMs
      return this.#current
    })
  }

  /**
   * Base URL of the API of a running tenant.
   * @throws AppError `crm_tenant_unavailable` (retryable, with a wait), `crm_tenant_deleted`; UpstreamError
   */
  async baseUrl(context: CallContext): Promise<string> {
    const current = this.#current
    const status =
      current !== null && this.nowMs() < current.readAtMs + holdsMs(current)
        ? current
        : await this.#reading.run(context)
    if (!status.running) {
      throw unavailable(status, this.nowMs())
    }
    if (status.baseUrl === null) {
      throw superOfficeFailure(
        'upstream_unexpected_answer',
        'GET /api/state/{context}',
        'the tenant runs, but its status names no API address',
      )
    }
    return status.baseUrl
  }

  /** Offset of the login host's clock from ours, as last read; 0 before. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs
  }

  /** Forgets a status whose URL proved wrong; one read meanwhile stays. */
  drop(baseUrl: string): void {
    if (this.#current?.baseUrl === baseUrl) {
      this.#current = null
    }
  }

  /** Forgets that the tenant is down; keeps the status of a running one. */
  forgetDown(): void {
    if (this.#current?.running === false) {
      this.#current = null
    }
  }

  /**
   * Reads again why the API does not answer. @returns the error to throw instead, or null if the tenant runs or its
   * status cannot be read either.
   */
  async explain(cause: unknown, context: CallContext): Promise<Error | null> {
    const status = await this.#reading.run(context).catch(() => null)
    return status === null || status.running ? null : unavailable(status, this.nowMs(), cause)
  }
}

function holdsMs(status: TenantStatus): number {
  const most = status.running ? HOLDS_MS.most : HOLDS_MS.down
  return Math.min(Math.max(status.validForMs ?? HOLDS_MS.unknown, HOLDS_MS.least), most)
}

function unavailable(status: TenantStatus, nowMs: number, cause?: unknown): Error {
  const { state, validForMs, readAtMs } = status
  return tenantUnavailable(
    state,
    validForMs === null ? null : validForMs - (nowMs - readAtMs),
    cause,
  )
}

const text = z.string().nullish().catch(null)
const address = z.url().nullish().catch(null)
const tenant = answer(
  { name: 'superoffice.tenant', operation: 'GET /api/state/{context}', lossUnit: 'call' },
  part({
    State: text,
    IsRunning: z.boolean().nullish().catch(null),
    ValidUntil: text,
    Api: address,
    Endpoint: address,
    // Without either it is not a tenant's status.
  }).refine(({ State, IsRunning }) => Boolean(State) || typeof IsRunning === 'boolean', {
    path: ['State'],
  }),
)

/** Whether, where and until when a tenant's API answers. */
export interface TenantStatus {
  /** Only harmless characters, because it is shown. */
  readonly state: string
  readonly running: boolean
  /** With `/v1`; null if the answer has none. */
  readonly baseUrl: string | null
  /** Our clock, Unix ms. */
  readonly readAtMs: number
  /** Offset of the login host's clock from ours, within about a second. */
  readonly clockOffsetMs: number
  /** How long it is valid from then on; null if the answer names no future time. */
  readonly validForMs: number | null
}

const RUNNING = new Set(['Running', 'OnlineMaintenance'])

/** Reads a tenant's status; needs no sign-in (docs/wire-superoffice.md, 1.1). @throws UpstreamError */
export async function readTenantStatus(
  config: OnlineConfig,
  allowLoopbackHttp: boolean,
  context: CallContext,
): Promise<TenantStatus> {
  const { body, headers } = await loginHttp(config.loginHost).json(
    {
      method: 'GET',
      path: `/api/state/${encodeURIComponent(config.contextIdentifier)}`,
      operation: tenant.operation,
      name: 'tenantStatus',
      effect: 'read',
      context,
    },
    tenant,
  )
  const readAtMs = Date.now()
  // ValidUntil is by their clock, and so is Date.
  const serverNowMs = Date.parse(headers['date'] ?? '') || readAtMs
  const validUntilMs = parseUtc(body.ValidUntil)
  const state = body.State ?? ''
  const running = body.IsRunning ?? RUNNING.has(state)
  const baseUrl = baseUrlOf(body.Api ?? null, body.Endpoint ?? null)
  if (running && baseUrl !== null && checkUrl(baseUrl, allowLoopbackHttp) !== null) {
    throw superOfficeFailure(
      'upstream_unexpected_answer',
      'GET /api/state/{context}',
      'the API address handed out is none that secrets may travel to',
    )
  }
  return {
    state: /^[A-Za-z]{1,40}$/.test(state) ? state : 'Unknown',
    running,
    baseUrl,
    readAtMs,
    clockOffsetMs: serverNowMs - readAtMs,
    // A past ValidUntil is by another clock than Date, and means nothing.
    validForMs:
      validUntilMs === null || validUntilMs <= serverNowMs ? null : validUntilMs - serverNowMs,
  }
}

/** `Api` lacks `/v1`; if only the endpoint is given, the API is below it. */
function baseUrlOf(api: string | null, endpoint: string | null): string | null {
  const root = api || (endpoint ? `${endpoint.replace(/\/+$/, '')}/api` : null)
  return root === null ? null : `${root.replace(/\/+$/, '').replace(/\/v1$/i, '')}/v1`
}

/** Shortest and longest suggested wait: a check costs one request without sign-in, and a campaign may wait. */
const WAIT_MS = { from: 15_000, to: 2 * 60_000, unknown: 60_000 }

/**
 * The tenant is not running (maintenance, suspended, moving): retryable after a wait. Deleted: never.
 * @param waitMs until the next check, or null if unknown.
 */
export function tenantUnavailable(state: string, waitMs: number | null, cause?: unknown): AppError {
  if (state === 'Deleted') {
    return new AppError('crm_tenant_deleted', 'The SuperOffice tenant has been deleted.', {
      value: state,
      cause,
    })
  }
  const wait = Math.min(Math.max(waitMs ?? WAIT_MS.unknown, WAIT_MS.from), WAIT_MS.to)
  return new AppError(
    'crm_tenant_unavailable',
    `The SuperOffice tenant is not running: ${state}.`,
    {
      value: state,
      retryAfterMs: wait,
      cause,
    },
  )
}
