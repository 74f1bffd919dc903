/** One write of a consent row, with its result; for checkers. */
export interface ConsentWrite {
  readonly at: string
  readonly via: 'rest' | 'agent' | 'upsert' | 'control'
  readonly associateId: number
  readonly personId: number
  readonly purpose: string
  /** Legal base keys; null = no row. */
  readonly before: string | null
  readonly after: string | null
  readonly source: string | null
  readonly comment: string
  readonly updatedCount: number | null
}

/** Every consent write since the start or the last reset, oldest first. */
export class WriteLog {
  #entries: ConsentWrite[] = []

  add(entry: ConsentWrite): void {
    this.#entries.push(entry)
  }

  list(): readonly ConsentWrite[] {
    return this.#entries
  }

  reset(): void {
    this.#entries = []
  }
}
