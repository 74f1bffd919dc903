import type { CallContext } from '../../../http/index.js'
import type { OnlineConfig } from '../config.js'
import { SingleFlight } from '../single-flight.js'
import { superOfficeFailure } from '../superoffice-failure.js'
import { readTenantStatus, type TenantStatus } from './read-status.js'
import { tenantUnavailable } from './tenant-unavailable.js'

/** How long a status holds: what `ValidUntil` says, within these; a tenant that is down is looked at soon again. */
const HOLDS_MS = { least: 1_000, unknown: 60_000, most: 24 * 3_600_000, down: 60_000 }

/** A tenant's status, kept until it is to be asked again. One per tenant and process. */
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
   *
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
        'the tenant runs, but no API address was told',
      )
    }
    return status.baseUrl
  }

  /** How far the login host's clock is ahead of ours, as last read; 0 before. */
  get clockOffsetMs(): number {
    return this.#clockOffsetMs
  }

  /** Forgets a status whose address proved wrong; one read meanwhile stays. */
  drop(baseUrl: string): void {
    if (this.#current?.baseUrl === baseUrl) {
      this.#current = null
    }
  }

  /** Forgets that the tenant does not run; where it does, nothing. */
  forgetDown(): void {
    if (this.#current?.running === false) {
      this.#current = null
    }
  }

  /**
   * Asks afresh why the API does not answer. @returns the error to throw in its place, or null where the tenant runs
   * or its status cannot be had either.
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
