import { createHash } from 'node:crypto'
import { type Http, keptHttp, SMALL_ANSWER } from '../../http/index.js'
import { describeSuperOfficeError } from './wire/describe-error.js'

/**
 * Concurrent calls to one installation; SuperOffice monitors applications and stops greedy ones
 * (docs/wire-superoffice.md, 3).
 */
export const MAX_PARALLEL_CALLS = 4

/**
 * Connections to an installation's API, kept per URL and process, because sessions come and go with activities.
 * @param baseUrl with `/api/v1`. @param ca trusted instead of the public authorities (on site).
 */
export function apiHttp(baseUrl: string, ca?: string): Http {
  const caId = ca === undefined ? '' : createHash('sha256').update(ca).digest('hex')
  return keptHttp(`api ${baseUrl} ${caId}`, {
    system: 'superoffice',
    baseUrl,
    // Without them names are in all languages, and a time in a filter is in the base time zone.
    headers: { 'accept-language': 'en', 'so-timezone': 'UTC' },
    maxSockets: MAX_PARALLEL_CALLS,
    ca,
    hooks: { describeError: describeSuperOfficeError },
  })
}

/** Connections to the host that issues tickets and reports the tenant's status. */
export function loginHttp(loginHost: string): Http {
  return keptHttp(`login ${loginHost}`, {
    system: 'superoffice',
    baseUrl: loginHost,
    limits: SMALL_ANSWER,
    hooks: { describeError: describeSuperOfficeError },
  })
}
