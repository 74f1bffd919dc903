import { BULK_ANSWER } from '../../http/index.js'
import type { EmarketeerClient } from '../client.js'
import { asAsked, MISSING, readStates, statesPage, statesRead } from '../wire/state-schemas.js'
import { assertAtMost, type Wire } from './wire.js'

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
