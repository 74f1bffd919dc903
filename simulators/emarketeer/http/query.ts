import type { SimRequest } from '../../common/http-server.js'
import { ApiError, invalid } from './api-error.js'

const MAX_QUERY_BYTES = 8 * 1024

/** Query parameters; refuses unknown and repeated ones. */
export class Query {
  readonly #values = new Map<string, string>()

  constructor(request: SimRequest, allowed: readonly string[]) {
    if (request.rawQuery.length > MAX_QUERY_BYTES) {
      throw new ApiError(414, 'uri_too_long', 'the query is over 8 KiB')
    }
    for (const [name, value] of new URLSearchParams(request.rawQuery)) {
      if (!allowed.includes(name)) {
        throw invalid([{ path: name, message: 'is unknown' }])
      }
      if (this.#values.has(name)) {
        throw invalid([{ path: name, message: 'is given twice' }])
      }
      this.#values.set(name, value)
    }
  }

  text(name: string): string | undefined {
    return this.#values.get(name)
  }

  integer(name: string, min: number, max: number, fallback: number): number {
    const text = this.#values.get(name)
    if (text === undefined) {
      return fallback
    }
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= min && value <= max)) {
      throw invalid([{ path: name, message: `is not a whole number from ${min} to ${max}` }])
    }
    return value
  }

  boolean(name: string, fallback: boolean): boolean {
    const text = this.#values.get(name)
    if (text !== undefined && text !== 'true' && text !== 'false') {
      throw invalid([{ path: name, message: 'is not true or false' }])
    }
    return text === undefined ? fallback : text === 'true'
  }

  /** Comma-separated words of a closed list, without repeats. */
  words<W extends string>(name: string, known: readonly W[]): Set<W> | undefined {
    const text = this.#values.get(name)
    if (text === undefined) {
      return undefined
    }
    const words = text.split(',')
    const unknown = words.find((word) => !(known as readonly string[]).includes(word))
    if (unknown !== undefined || new Set(words).size !== words.length) {
      throw invalid([{ path: name, message: 'has an unknown or repeated word' }])
    }
    return new Set(words as W[])
  }
}
