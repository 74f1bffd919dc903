import { randomBytes } from 'node:crypto'

/** Tickets given out, each alive as long as it is used often enough. */
export class TicketBook {
  private readonly expiry = new Map<string, number>()

  /** A new ticket, good from now for a while. */
  issue(nowMs: number, lifeMs: number): string {
    const ticket = `7T:${randomBytes(36).toString('base64')}`
    this.expiry.set(ticket, nowMs + lifeMs)
    return ticket
  }

  /** Whether a ticket is alive; using it makes its life start anew. */
  use(ticket: string, nowMs: number, lifeMs: number): boolean {
    const until = this.expiry.get(ticket)
    if (until === undefined || until <= nowMs) {
      this.expiry.delete(ticket)
      return false
    }
    this.expiry.set(ticket, nowMs + lifeMs)
    return true
  }

  /** Ends all tickets. */
  expireAll(): number {
    const { size } = this.expiry
    this.expiry.clear()
    return size
  }
}
