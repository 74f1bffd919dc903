import { isStorableId } from '../../domain/storable-text.js'
import { MAX_ROWS, readValue } from '../../http/index.js'
import type { FeedItem, UnreadableChange } from '../changes.js'
import { CHANGE_TYPES } from '../vocabulary.js'
import { change } from './change-schemas.js'
import { toIdText } from './primitives.js'

/**
 * Reads a feed item or webhook body, which must belong to the account.
 * @returns the change, or `unreadable` with the readable parts; never throws.
 */
export function readChange(raw: unknown, accountId: string): FeedItem {
  const loose = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>
  if (loose['accountId'] !== accountId) {
    const owner = toIdText(loose['accountId'])
    // An item without a clear owner came from this account's feed, so its contacts are read. Another tenant's contact
    // ids must not be looked up here, so they are not passed on.
    return owner !== null && owner !== accountId
      ? { ...unreadable(loose, 'other_account', 'accountId'), contactIds: [] }
      : unreadable(loose, 'malformed', 'accountId')
  }
  if (!(CHANGE_TYPES as readonly unknown[]).includes(loose['type'])) {
    return unreadable(loose, 'unknown_type', 'type')
  }
  const reading = readValue(change, raw)
  return reading.ok ? reading.value : unreadable(loose, 'malformed', reading.path)
}

function unreadable(
  loose: Record<string, unknown>,
  reason: UnreadableChange['reason'],
  path: string,
): UnreadableChange {
  const { id, contactIds } = loose
  return {
    type: 'unreadable',
    id: isId(id) ? id : null,
    contactIds: Array.isArray(contactIds) ? contactIds.slice(0, MAX_ROWS).filter(isId) : [],
    reason,
    path,
  }
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && isStorableId(value)
}
