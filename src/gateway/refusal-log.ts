import type { LogFields } from '../telemetry/log-fields.js'
import type { Logger } from '../telemetry/logger.js'
import { LIMITS } from './limits.js'

/** What a line about a refusal says; a code or a route is nobody's data. */
export type RefusalFields = LogFields & { readonly code: string }

interface Sum {
  readonly fields: RefusalFields
  readonly timer: NodeJS.Timeout
  more: number
}

/**
 * Log lines of refusals. The first of a kind (code, route and connection) is written at once; those that follow within
 * {@link LIMITS.refusalLogMs} are counted, and told of in one line at its end. Who makes many requests makes few lines.
 */
export class RefusalLog {
  private readonly sums = new Map<string, Sum>()

  constructor(private readonly log: Logger) {}

  /** @param level `error` for a fault of ours. */
  write(level: 'warn' | 'error', fields: RefusalFields, message: string): void {
    const key = `${fields.code} ${fields.route ?? ''} ${fields.connectionId ?? ''}`
    const known = this.sums.get(key)
    if (known) {
      known.more += 1
      return
    }
    this.log[level](fields, message)
    const timer = setTimeout(() => this.tell(key), LIMITS.refusalLogMs)
    timer.unref()
    this.sums.set(key, { fields, timer, more: 0 })
  }

  /** Tells what is counted. */
  close(): void {
    ;[...this.sums.keys()].forEach((key) => this.tell(key))
  }

  private tell(key: string): void {
    const { fields, timer, more } = this.sums.get(key)!
    clearTimeout(timer)
    this.sums.delete(key)
    if (more > 0) {
      const { code, httpStatus, route, connectionId } = fields
      const summed = { code, httpStatus, route, connectionId, requests: more }
      this.log.warn(summed, 'more requests refused')
    }
  }
}
