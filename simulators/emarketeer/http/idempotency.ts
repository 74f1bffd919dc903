import { createHash } from 'node:crypto'
import type { SimResponse } from '../../common/http-server.js'
import { ApiError } from './api-error.js'

const LIFE_MS = 7 * 86_400_000

interface Entry {
  readonly bodyHash: string
  readonly atMs: number
  /** null while the first call is still running. */
  answer: SimResponse | null
}

/** First answers by account and key, for 7 days. */
export class IdempotencyStore {
  readonly #entries = new Map<string, Entry>()

  constructor(private readonly now: () => number) {}

  /** Runs the work once per key. Only a success uses up the key. */
  async once(
    accountId: string,
    key: string,
    body: Buffer,
    work: () => Promise<SimResponse>,
  ): Promise<SimResponse> {
    const name = `${accountId}|${key}`
    const bodyHash = createHash('sha256').update(body).digest('hex')
    const known = this.#entries.get(name)
    if (known !== undefined && this.now() - known.atMs < LIFE_MS) {
      return replay(known, bodyHash)
    }
    const entry: Entry = { bodyHash, atMs: this.now(), answer: null }
    this.#entries.set(name, entry)
    try {
      entry.answer = await work()
      return entry.answer
    } catch (error) {
      this.#entries.delete(name)
      throw error
    }
  }
}

function replay(entry: Entry, bodyHash: string): SimResponse {
  if (entry.bodyHash !== bodyHash) {
    throw new ApiError(409, 'idempotency_key_reused', 'the key was used with another body')
  }
  if (entry.answer === null) {
    const retry = { 'Retry-After': '1' }
    throw new ApiError(409, 'idempotency_in_progress', 'the first call still runs', [], retry)
  }
  return { ...entry.answer, headers: { ...entry.answer.headers, 'Idempotent-Replayed': 'true' } }
}
