import { type Http, keptHttp, SMALL_ANSWER } from '../../http/index.js'
import { describeEntraError } from './auth/entra-errors.js'
import { describeDataverseError } from './wire/errors.js'

/**
 * Connections are kept per origin and process, because sessions come and go with activities. No cookies are kept: one
 * would pin us to one web server, and limits are per server (docs/wire-dataverse.md, 3).
 */
export function environmentHttp(environmentUrl: string): Http {
  return keptHttp(`environment ${environmentUrl}`, {
    system: 'dynamics',
    baseUrl: environmentUrl,
    headers: {
      'odata-maxversion': '4.0',
      'odata-version': '4.0',
      'if-none-match': 'null',
    },
    requestIdHeader: 'x-ms-service-request-id',
    hooks: { describeError: describeDataverseError },
  })
}

/** The token endpoint's connections. */
export function authorityHttp(authorityHost: string): Http {
  return keptHttp(`authority ${authorityHost}`, {
    system: 'dynamics',
    baseUrl: authorityHost,
    limits: SMALL_ANSWER,
    hooks: { describeError: describeEntraError },
  })
}
