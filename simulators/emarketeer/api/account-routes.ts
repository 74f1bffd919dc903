import { json } from '../../common/http-server.js'
import { Query } from '../http/query.js'
import { iso } from '../model/values.js'
import type { Route } from './route.js'

/** EM-B1 and EM-B5. */
export const accountRoutes: readonly Route[] = [
  {
    method: 'GET',
    pattern: /^\/?$/,
    operation: 'GET /',
    handle: ({ account, request }) => {
      new Query(request, [])
      return json(200, {
        accountId: account.accountId,
        name: account.name,
        sending: { requirePositiveConsent: account.requirePositiveConsent },
        egress: account.egress,
        feed: { retentionDays: 400 },
        updatedAt: iso(account.updatedAtMs),
      })
    },
  },
  {
    method: 'GET',
    pattern: /^\/categories$/,
    operation: 'GET /categories',
    handle: ({ account, request }) => {
      const withArchived = new Query(request, ['includeArchived']).boolean('includeArchived', false)
      const items = [...account.categories.values()]
        .filter((it) => !it.vanished && (withArchived || !it.archived))
        .map(({ id, name, createdAtMs, updatedAtMs, archived }) => ({
          id,
          name,
          createdAt: iso(createdAtMs),
          updatedAt: iso(updatedAtMs),
          archived,
        }))
      return json(200, { items })
    },
  },
]
