import type { UnreadableRecord } from '../http/index.js'
import type { Logger } from '../telemetry/logger.js'

/** Most logged records per place; the others are counted. */
const MOST_LOGGED = 20

/**
 * Counts records that could not be read, by operation and place. Such a record keeps its former state, which excludes
 * it from sendouts. A sweep reports them in `connection show`.
 */
export class UnreadableRecords {
  readonly #counts = new Map<string, number>()

  constructor(private readonly log: Logger) {}

  /** The `onUnreadable` callback of a call. */
  readonly note = ({ operation, path, id }: UnreadableRecord): void => {
    const place = `${operation} at ${path}`
    const count = (this.#counts.get(place) ?? 0) + 1
    this.#counts.set(place, count)
    if (count <= MOST_LOGGED) {
      this.log.warn({ operation, path, entityId: id }, 'a record could not be read')
    }
  }

  /** One line per place. It contains nothing personal. */
  lines(): string[] {
    return [...this.#counts].map(([place, count]) =>
      count === 1
        ? `1 record could not be read: ${place}`
        : `${count} records could not be read: ${place}`,
    )
  }
}
