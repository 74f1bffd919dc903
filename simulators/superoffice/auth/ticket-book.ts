import { randomBytes } from 'node:crypto'

/** Issued tickets; each stays valid while it is used often enough. */
export class TicketBook {
  readonly #expiry = new Map<string, number>()

  /** Issues a ticket for a time. Its life is in real time, whatever the stand-in's clocks show. */
  issue(lifeMs: number): string {
    const ticket = `7T:${randomBytes(36).toString('base64')}`
    this.#expiry.set(ticket, Date.now() + lifeMs)
    return ticket
  }

  /** Whether a ticket is valid; using it restarts its life. */
  use(ticket: string, lifeMs: number): boolean {
    const until = this.#expiry.get(ticket)
    if (until === undefined || until <= Date.now()) {
      this.#expiry.delete(ticket)
      return false
    }
    this.#expiry.set(ticket, Date.now() + lifeMs)
    return true
  }

  /** Ages all tickets by an idle time. */
  idle(ms: number): void {
    for (const [ticket, until] of this.#expiry) {
      this.#expiry.set(ticket, until - ms)
    }
  }

  expireAll(): number {
    const { size } = this.#expiry
    this.#expiry.clear()
    return size
  }
}
