import type { UnreadableRecord } from '../http/index.js'
import type { Logger } from '../telemetry/logger.js'

/** Records told of one by one in the log, for each place; the others are only counted. */
const MOST_LOGGED = 20

/**
 * Records of answers that could not be read on the way, by operation and place: whoever they are about is left as it was,
 * which excludes it from sendouts. A sweep tells of them in `connection show`.
 */
export class UnreadableRecords {
  readonly #counts = new Map<string, number>()

  constructor(private readonly log: Logger) {}

  /** As `onUnreadable` of a call. */
  readonly note = ({ operation, path, id }: UnreadableRecord): void => {
    const place = `${operation} at ${path}`
    const count = (this.#counts.get(place) ?? 0) + 1
    this.#counts.set(place, count)
    if (count <= MOST_LOGGED) {
      this.log.warn({ operation, path, entityId: id }, 'a record could not be read')
    }
  }

  /** In words, a line for each place; nothing of anybody. */
  lines(): string[] {
    return [...this.#counts].map(([place, count]) =>
      count === 1
        ? `1 record could not be read: ${place}`
        : `${count} records could not be read: ${place}`,
    )
  }
}
