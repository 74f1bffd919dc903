import type { Actor, Writer } from './values.js'

export type ChangeType =
  | 'consent.changed'
  | 'subscription.changed'
  | 'contact.created'
  | 'contact.email_changed'
  | 'contact.deleted'
  | 'category.created'
  | 'category.renamed'
  | 'category.archived'

/** Every {@link ChangeType}. */
export const CHANGE_TYPES: readonly ChangeType[] = [
  'consent.changed',
  'subscription.changed',
  'contact.created',
  'contact.email_changed',
  'contact.deleted',
  'category.created',
  'category.renamed',
  'category.archived',
]

/** A change before the feed gives it an id and a time. */
export interface ChangeDraft {
  readonly type: ChangeType
  readonly contactIds: readonly string[]
  readonly email: string | null
  readonly eventTimeMs: number
  readonly source: string
  readonly actor: Actor | null
  readonly writer: Writer | null
  readonly detail: Readonly<Record<string, unknown>>
  /** Bulk actions over 500 contacts send no webhooks. */
  readonly silent: boolean
}

/** A change in the log; `raw` is an item of the control API. */
export interface LoggedChange extends ChangeDraft {
  readonly id: string
  readonly recordedAtMs: number
  readonly raw?: unknown
}

/** The log of one account; append-only. */
export class Feed {
  readonly log: LoggedChange[] = []
  readonly #waiting = new Set<() => void>()
  readonly #listeners: ((change: LoggedChange) => void)[] = []
  #lastRecordedAtMs = 0

  constructor(private readonly now: () => number) {}

  append(draft: ChangeDraft, raw?: unknown): LoggedChange {
    // The log's times never decrease, although the clock may: `from` by time relies on it.
    this.#lastRecordedAtMs = Math.max(this.#lastRecordedAtMs, this.now())
    const change: LoggedChange = {
      ...draft,
      id: `chg_${String(this.log.length + 1).padStart(12, '0')}`,
      recordedAtMs: this.#lastRecordedAtMs,
      ...(raw === undefined ? {} : { raw }),
    }
    this.log.push(change)
    for (const wake of [...this.#waiting]) {
      wake()
    }
    for (const listener of this.#listeners) {
      listener(change)
    }
    return change
  }

  onAppend(listener: (change: LoggedChange) => void): void {
    this.#listeners.push(listener)
  }

  /** Resolves at the next append, or after the time-out. */
  waitForAppend(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      timer.unref()
      this.#waiting.add(done)
    })
  }

  /** Position of the first change recorded at or after a time. */
  positionAt(timeMs: number): number {
    const at = this.log.findIndex((change) => change.recordedAtMs >= timeMs)
    return at < 0 ? this.log.length : at
  }
}
