import { createHttp, type HttpRequest, type HttpTimeouts } from '../http/index.js'
import { accountOperations } from './operations/account-operations.js'
import { changeOperations } from './operations/read-operations.js'
import { stateOperations } from './operations/read-operations.js'
import { webhookOperations } from './operations/account-operations.js'
import { type RepeatOptions, writeOperations } from './operations/write-operations.js'
import type { EmarketeerClient } from './client.js'
import { describeEmarketeerError } from './describe-emarketeer-error.js'

/** Address and key of the feed. The key is a secret. */
export interface EmarketeerConfig {
  /** `EMARKETEER_SYNC_URL`, without the path of the layer. */
  readonly syncUrl: string
  /** The service key, sent as `x-api-key`. */
  readonly apiKey: string
  readonly accountId: string
  readonly timeouts?: Partial<HttpTimeouts> | undefined
  /** How writes of unknown outcome are repeated. The default is for production. */
  readonly repeat?: RepeatOptions | undefined
}

/** Creates the client of one account. It keeps connections open until `close`. */
export function createEmarketeerClient(config: EmarketeerConfig): EmarketeerClient {
  const http = createHttp({
    system: 'emarketeer',
    baseUrl: config.syncUrl,
    headers: { 'x-api-key': config.apiKey },
    timeouts: config.timeouts,
    hooks: { describeError: describeEmarketeerError },
  })
  const base = `/sync-internal/v1/accounts/${encodeURIComponent(config.accountId)}`
  const call = (request: HttpRequest): HttpRequest => ({ ...request, path: base + request.path })
  const wire = { http, call, accountId: config.accountId }
  return {
    accountId: config.accountId,
    ...accountOperations(wire),
    ...changeOperations(wire),
    ...stateOperations(wire),
    ...writeOperations(wire, config.repeat),
    ...webhookOperations(wire),
    close: () => http.close(),
  }
}
