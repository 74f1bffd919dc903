import { json } from '../../common/http-server.js'
import { ApiError, invalid } from '../http/api-error.js'
import { makeCursor, readCursor } from '../http/cursor.js'
import { Query } from '../http/query.js'
import type { Account } from '../model/account.js'
import { CHANGE_TYPES, type LoggedChange } from '../model/feed.js'
import { renderChange } from '../model/render.js'
import type { Route } from './route.js'

const RETENTION_MS = 400 * 86_400_000
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/

/** EM-B2: the feed, with long poll. */
export const changeRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: /^\/changes$/,
    operation: 'GET /changes',
    handle: async ({ account, request }) => {
      const query = new Query(request, ['cursor', 'from', 'limit', 'types', 'waitSeconds'])
      const limit = query.integer('limit', 1, 1_000, 500)
      const types = query.words('types', CHANGE_TYPES)
      const waitMs = query.integer('waitSeconds', 0, 20, 0) * 1_000
      const deadline = performance.now() + waitMs
      let position = startPosition(account, query)
      for (;;) {
        const items: LoggedChange[] = []
        const { log } = account.feed
        while (position < log.length && items.length < limit) {
          const change = log[position]!
          position += 1
          if (types === undefined || types.has(change.type)) {
            items.push(change)
          }
        }
        const leftMs = deadline - performance.now()
        if (items.length > 0 || leftMs <= 0) {
          return json(200, {
            items: items.map((change) => renderChange(account, change)),
            nextCursor: cursorAt(account, position),
            hasMore: position < log.length,
          })
        }
        await account.feed.waitForAppend(leftMs)
      }
    },
  },
]

function cursorAt(account: Account, position: number): string {
  const { accountId, cursorGeneration: generation } = account
  return makeCursor({ accountId, kind: 'changes', position, generation })
}

function startPosition(account: Account, query: Query): number {
  const cursor = query.text('cursor')
  const from = query.text('from')
  if ((cursor === undefined) === (from === undefined)) {
    throw invalid([{ path: 'cursor', message: 'give either cursor or from' }])
  }
  if (cursor !== undefined) {
    const facts = readCursor(cursor, account.accountId, 'changes')
    const next = account.feed.log[facts.position]
    const tooOld = next !== undefined && next.recordedAtMs < account.now() - RETENTION_MS
    if (facts.generation < account.cursorGeneration || tooOld) {
      throw expired()
    }
    return facts.position
  }
  if (from === 'now') {
    return account.feed.log.length
  }
  if (from === 'beginning') {
    return 0
  }
  const timeMs = ISO.test(from ?? '') ? Date.parse(from!) : Number.NaN
  if (Number.isNaN(timeMs)) {
    throw invalid([{ path: 'from', message: 'is not now, beginning or a time' }])
  }
  if (timeMs < account.now() - RETENTION_MS) {
    throw expired()
  }
  return account.feed.positionAt(timeMs)
}

function expired(): ApiError {
  return new ApiError(410, 'cursor_expired', 'read all states from a fresh cursor')
}
