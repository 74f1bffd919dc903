import { createHttp, type Http, SMALL_ANSWER } from '../../http/index.js'
import { describeEntraError } from './auth/entra-errors.js'
import { describeDataverseError } from './wire/describe-error.js'

const CLIENTS = new Map<string, Http>()

/**
 * Connections are kept per origin and process, because sessions come and go with activities. No cookies are kept: one
 * would pin us to one web server, and limits are per server (docs/wire-dataverse.md, 3).
 */
export function environmentHttp(environmentUrl: string): Http {
  return kept(`environment ${environmentUrl}`, () =>
    createHttp({
      system: 'dynamics',
      baseUrl: environmentUrl,
      headers: {
        'odata-maxversion': '4.0',
        'odata-version': '4.0',
        'if-none-match': 'null',
      },
      requestIdHeader: 'x-ms-service-request-id',
      hooks: { describeError: describeDataverseError },
    }),
  )
}

/** The token endpoint's connections. */
export function authorityHttp(authorityHost: string): Http {
  return kept(`authority ${authorityHost}`, () =>
    createHttp({
      system: 'dynamics',
      baseUrl: authorityHost,
      limits: SMALL_ANSWER,
      hooks: { describeError: describeEntraError },
    }),
  )
}

function kept(key: string, create: () => Http): Http {
  const client = CLIENTS.get(key) ?? create()
  CLIENTS.set(key, client)
  return client
}
