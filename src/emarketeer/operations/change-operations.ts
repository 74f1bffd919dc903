import { UpstreamError } from '../../http/index.js'
import type { FeedItem, FeedPosition } from '../changes.js'
import type { EmarketeerClient } from '../client.js'
import { changesPage } from '../wire/change-schemas.js'
import { readChange } from '../wire/read-change.js'
import { assertAtMost, type Wire } from './wire.js'

const MAX_FEED_PAGE = 1_000
const MAX_WAIT_SECONDS = 20

/** Time for building and sending a full page, in addition to the wait. */
const MARGIN_MS = 30_000

/** EM-B2: the change feed. */
export function changeOperations({
  http,
  call,
  accountId,
}: Wire): Pick<EmarketeerClient, 'changes'> {
  return {
    async changes({ position, limit, types, waitSeconds }, context) {
      assertAtMost(limit ?? 0, MAX_FEED_PAGE, 'feed page')
      assertAtMost(waitSeconds ?? 0, MAX_WAIT_SECONDS, 'waitSeconds')
      const request = call({
        method: 'GET',
        path: '/changes',
        operation: 'GET /changes',
        name: 'changes',
        effect: 'read',
        query: { ...positionQuery(position), limit, types: types?.join(','), waitSeconds },
        requestTimeoutMs: waitSeconds ? waitSeconds * 1_000 + MARGIN_MS : undefined,
        context,
      })
      const reported = (item: FeedItem) => {
        if (item.type === 'unreadable') {
          const { id, path } = item
          context?.onUnreadable?.({ operation: request.operation, path, id })
        }
        return item
      }
      try {
        const { items, nextCursor, hasMore } = (await http.json(request, changesPage)).body
        return {
          status: 'page',
          items: items.map((item) => reported(readChange(item, accountId))),
          nextCursor,
          hasMore,
        }
      } catch (error) {
        if (error instanceof UpstreamError && error.upstreamCode === 'cursor_expired') {
          return { status: 'cursorExpired' }
        }
        throw error
      }
    },
  }
}

function positionQuery(position: FeedPosition): { cursor: string } | { from: string } {
  if ('cursor' in position) {
    return { cursor: position.cursor }
  }
  return typeof position.from === 'string'
    ? { from: position.from }
    : { from: new Date(position.from.timeMs).toISOString() }
}
