import type { UpstreamError } from '../../../http/index.js'
import { superOfficeFailure } from '../superoffice-failure.js'
import type { ArchiveQuery } from './archive-query.js'

/**
 * Whether a page begins where it was asked to, behind a key: a server that passes over the condition would be read in
 * circles. @throws UpstreamError, not retryable
 */
export function requireBehind(keys: readonly number[], after: number, query: ArchiveQuery): void {
  if (keys.some((key) => key <= after)) {
    throw unusable(query, 'the rows are others than those asked for')
  }
}

/** Behind a page that is out of order, rows would be missed. @throws UpstreamError, not retryable */
export function requireOrder(keys: readonly number[], query: ArchiveQuery): void {
  if (keys.some((key, at) => key < (keys[at - 1] ?? key))) {
    throw unusable(query, 'the rows are not in order')
  }
}

/** An answer that cannot be built upon; not retryable. */
export function unusable({ provider }: ArchiveQuery, how: string): UpstreamError {
  return superOfficeFailure('upstream_unexpected_answer', `GET /Archive/${provider}`, how)
}
