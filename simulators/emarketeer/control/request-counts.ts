/** Requests served, by operation, account and status. */
export class RequestCounts {
  #total = 0
  readonly #operations = new Map<string, number>()
  readonly #accounts = new Map<string, number>()
  readonly #statuses = new Map<string, number>()

  count(operation: string, accountId: string | null, status: number): void {
    this.#total += 1
    bump(this.#operations, operation)
    bump(this.#accounts, accountId ?? '(none)')
    bump(this.#statuses, status === 0 ? 'dropped' : String(status))
  }

  snapshot() {
    return {
      total: this.#total,
      operations: Object.fromEntries(this.#operations),
      accounts: Object.fromEntries(this.#accounts),
      statuses: Object.fromEntries(this.#statuses),
    }
  }

  reset(): void {
    this.#total = 0
    this.#operations.clear()
    this.#accounts.clear()
    this.#statuses.clear()
  }
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
