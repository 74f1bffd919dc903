/** Requests served, by operation and status, and the largest number at the same time. */
export class RequestCounts {
  #total = 0
  #running = 0
  #mostAtOnce = 0
  readonly #operations = new Map<string, number>()
  readonly #statuses = new Map<string, number>()

  /** Counts a request as started; returns how many are running. */
  begin(): number {
    this.#running += 1
    this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#running)
    return this.#running
  }

  end(operation: string, status: number): void {
    this.#running -= 1
    this.#total += 1
    bump(this.#operations, operation)
    bump(this.#statuses, status === 0 ? 'dropped' : String(status))
  }

  snapshot() {
    return {
      total: this.#total,
      mostAtOnce: this.#mostAtOnce,
      operations: Object.fromEntries(this.#operations),
      statuses: Object.fromEntries(this.#statuses),
    }
  }

  reset(): void {
    this.#total = 0
    this.#mostAtOnce = this.#running
    this.#operations.clear()
    this.#statuses.clear()
  }
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
