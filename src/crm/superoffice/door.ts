import { type CallContext, type Http, UpstreamError } from '../../http/index.js'
import { TicketSource } from './auth/ticket-source.js'
import type { OnlineConfig } from './config.js'
import { apiHttp } from './http-clients.js'
import { TenantStatusSource, tenantUnavailable } from './tenant-status.js'

/** The API's present URL, and the headers that sign in. */
export interface Entry {
  readonly http: Http
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The way into an installation: Online by tenant status and tickets, on site by user and password. It repeats a call
 * only if the server refused it before doing anything (401, 421), so this is safe for writes.
 */
export interface Door {
  /** How the database must identify itself (Online: the tenant); null if unknown. */
  readonly contextIdentifier: string | null
  /**
   * Sends one call.
   * @throws what `send` throws; AppError `crm_tenant_unavailable`; UpstreamError of signing in.
   */
  through<T>(context: CallContext, send: (entry: Entry) => Promise<T>): Promise<T>
  /** Forgets that the installation was down, when somebody states that it runs again. */
  forgetStatus(): void
}

/** The tenant is not (or no longer) at this URL. */
const MISDIRECTED = 421

/** Signs in calls to SuperOffice Online (docs/wire-superoffice.md, 1.1, 2.1). */
export class OnlineDoor implements Door {
  readonly contextIdentifier: string
  readonly #status: TenantStatusSource
  readonly #tickets: TicketSource

  constructor(
    private readonly config: OnlineConfig,
    allowLoopbackHttp: boolean,
  ) {
    this.contextIdentifier = config.contextIdentifier
    this.#status = new TenantStatusSource(config, allowLoopbackHttp)
    this.#tickets = new TicketSource(config, () => this.#status.clockOffsetMs)
  }

  async through<T>(context: CallContext, send: (entry: Entry) => Promise<T>): Promise<T> {
    const refusals = this.#tickets.refusals
    const tried = { ticket: false, address: false }
    // Times of consents are by the installation's clock, not the login host's.
    const asked = { ...context, onClock: undefined }
    for (;;) {
      const baseUrl = await this.#status.baseUrl(asked)
      const ticket = await this.#tickets.ticket(asked)
      try {
        const answer = await send(this.#entry(baseUrl, ticket))
        this.#tickets.used(ticket)
        return answer
      } catch (error) {
        const status = error instanceof UpstreamError ? error.status : null
        if (status === 401 && !tried.ticket && this.#tickets.refusals === refusals) {
          this.#tickets.drop(ticket)
          tried.ticket = true
        } else if (status === 401) {
          // Renewed, and refused again: revoked. Calls in progress at the same time do not renew again.
          this.#tickets.revoked(ticket)
          throw error
        } else if (status === MISDIRECTED && !tried.address) {
          this.#status.drop(baseUrl)
          tried.address = true
        } else {
          throw await this.#explained(error, context)
        }
      }
    }
  }

  forgetStatus(): void {
    this.#status.forgetDown()
  }

  #entry(baseUrl: string, ticket: string): Entry {
    return {
      http: apiHttp(baseUrl),
      headers: { authorization: `SOTicket ${ticket}`, 'so-apptoken': this.config.clientSecret },
    }
  }

  /**
   * After no answer or a meaningless one, the tenant may be in maintenance, whose status states when to retry. A write
   * that may have been carried out keeps its own error.
   */
  async #explained(error: unknown, context: CallContext): Promise<unknown> {
    if (!(error instanceof UpstreamError) || error.mayHaveBeenApplied) {
      return error
    }
    if (error.status === MISDIRECTED) {
      return tenantUnavailable('Moving', null, error)
    }
    const silent =
      error.retryable && error.code !== 'upstream_rate_limited' && error.retryAfterSeconds === null
    return silent ? ((await this.#status.explain(error, context)) ?? error) : error
  }
}
