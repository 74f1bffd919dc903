import { BULK_ANSWER, UpstreamError } from '../../http/index.js'
import type { EmarketeerClient } from '../client.js'
import { asAsked, MISSING, readStates, statesPage, statesRead } from '../wire/state-schemas.js'
import { assertAtMost, type Wire } from './wire.js'
import type { FeedItem, FeedPosition } from '../changes.js'
import { changesPage } from '../wire/change-schemas.js'
import { readChange } from '../wire/read-change.js'

const MAX_FEED_PAGE = 1_000

/** EM-B2: the change feed. */
export function changeOperations({
  http,
  call,
  accountId,
}: Wire): Pick<EmarketeerClient, 'changes'> {
  return {
    async changes({ position, limit }, context) {
      assertAtMost(limit ?? 0, MAX_FEED_PAGE, 'feed page')
      const request = call({
        method: 'GET',
        path: '/changes',
        operation: 'GET /changes',
        name: 'changes',
        effect: 'read',
        query: { ...positionQuery(position), limit },
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

/** Most contacts per read and per page of the walk. */
export const MAX_STATES = 1_000

/** EM-B3 and EM-B3b: states by id or address, and the walk over all. */
export function stateOperations({
  http,
  call,
}: Wire): Pick<EmarketeerClient, 'readStates' | 'walkStates'> {
  return {
    async readStates(query, include, context) {
      const [key, values] =
        'contactIds' in query
          ? (['contactIds', query.contactIds] as const)
          : (['emails', query.emails] as const)
      assertAtMost(values.length, MAX_STATES, key)
      if (values.length === 0) {
        return { items: [], unreadable: [], missing: [] }
      }
      const request = call({
        method: 'POST',
        path: '/states/read',
        operation: 'POST /states/read',
        name: 'states.read',
        effect: 'read',
        limits: BULK_ANSWER,
        json: { [key]: values, ...(include === undefined ? {} : { include: [include] }) },
        context,
      })
      const { items, missing } = (await http.json(request, statesRead)).body
      const read = { ...readStates(items, request.operation, include, context), missing }
      return asAsked(key, values, read, (id) =>
        context?.onUnreadable?.({ operation: request.operation, path: MISSING, id }),
      )
    },

    async walkStates({ cursor, limit, include }, context) {
      assertAtMost(limit ?? 0, MAX_STATES, 'states page')
      const request = call({
        method: 'GET',
        path: '/states',
        operation: 'GET /states',
        name: 'states.walk',
        effect: 'read',
        query: { cursor: cursor ?? undefined, limit, include },
        limits: BULK_ANSWER,
        context,
      })
      const { items, ...rest } = (await http.json(request, statesPage)).body
      return { ...readStates(items, request.operation, include, context), ...rest }
    },
  }
}
