import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { OnlineConfig } from '../config.js'
import { SingleFlight } from '../single-flight.js'
import { exchangeToken } from './exchange-token.js'

/** A ticket lives six hours from its last use; a little less is counted on. */
const IDLE_LIFE_MS = (6 * 60 - 10) * 60_000

/** The tickets of one application in one tenant: one renewal at a time, whoever waits for it. */
export class TicketSource {
  #current: { readonly value: string; usedAtMs: number } | null = null
  #refusals = 0
  readonly #renewal: SingleFlight<string>

  constructor(
    config: OnlineConfig,
    /** How far the login host's clock is ahead of ours. */
    loginOffsetMs: () => number,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.#renewal = new SingleFlight(async (context) => {
      try {
        const value = await exchangeToken(config, this.nowMs() + loginOffsetMs(), context)
        this.#current = { value, usedAtMs: this.nowMs() }
        return value
      } catch (error) {
        this.#refusals += isRefusal(error) ? 1 : 0
        throw error
      }
    })
  }

  /** How often renewing was in vain: whoever was under way at that time need not try it again. */
  get refusals(): number {
    return this.#refusals
  }

  /** A ticket that is good for a while yet. @throws UpstreamError as `exchangeToken`. */
  async ticket(context: CallContext): Promise<string> {
    const current = this.#current
    return current !== null && this.nowMs() < current.usedAtMs + IDLE_LIFE_MS
      ? current.value
      : this.#renewal.run(context)
  }

  /** A call with it was taken: its life begins anew. */
  used(ticket: string): void {
    if (this.#current?.value === ticket) {
      this.#current.usedAtMs = this.nowMs()
    }
  }

  /** Forgets a ticket that was refused; another one, renewed meanwhile, stays. */
  drop(ticket: string): void {
    if (this.#current?.value === ticket) {
      this.#current = null
    }
  }

  /** A fresh ticket was refused as well: the application's access is revoked. */
  revoked(ticket: string): void {
    this.drop(ticket)
    this.#refusals += 1
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof UpstreamError && error.code === 'upstream_auth_failed'
}
