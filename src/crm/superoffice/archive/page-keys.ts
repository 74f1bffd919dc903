import type { UpstreamError } from '../../../http/index.js'
import { superOfficeFailure } from '../superoffice-failure.js'
import type { ArchiveQuery } from './archive-query.js'

/**
 * Requires that a page begins behind the requested key: with a server that ignores the condition, reading would never
 * end. @throws UpstreamError, not retryable
 */
export function requireBehind(keys: readonly number[], after: number, query: ArchiveQuery): void {
  if (keys.some((key) => key <= after)) {
    throw unusable(query, 'the rows are not the requested ones')
  }
}

/** Requires the order of keys: behind a page without it, rows would be missed. @throws UpstreamError, not retryable */
export function requireOrder(keys: readonly number[], query: ArchiveQuery): void {
  if (keys.some((key, at) => key < (keys[at - 1] ?? key))) {
    throw unusable(query, 'the rows are not in order')
  }
}

/** An unusable answer; not retryable. */
export function unusable({ provider }: ArchiveQuery, how: string): UpstreamError {
  return superOfficeFailure('upstream_unexpected_answer', `GET /Archive/${provider}`, how)
}
