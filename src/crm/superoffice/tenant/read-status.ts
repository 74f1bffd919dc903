import { z } from 'zod'
import type { CallContext } from '../../../http/index.js'
import type { OnlineConfig } from '../config.js'
import { loginHttp } from '../http-clients.js'
import { requireHandedOutHttps } from '../require-https.js'
import { parseUtc } from '../wire/time.js'

const answer = z.object({
  State: z.string(),
  IsRunning: z.boolean().nullish(),
  ValidUntil: z.string().nullish(),
  Api: z.string().nullish(),
  Endpoint: z.string().nullish(),
})

/** Whether, where and until when a tenant's API answers. */
export interface TenantStatus {
  /** Only harmless characters, as it is shown. */
  readonly state: string
  readonly running: boolean
  /** With `/v1`; null where none was told. */
  readonly baseUrl: string | null
  /** Our clock, Unix ms. */
  readonly readAtMs: number
  /** How far the login host's clock is ahead of ours, within a second or so. */
  readonly clockOffsetMs: number
  /** How long it holds from then on; null where the answer named no time to come. */
  readonly validForMs: number | null
}

const RUNNING = new Set(['Running', 'OnlineMaintenance'])

/** Asks a tenant's status; needs no sign-in (docs/wire-superoffice.md, 1.1). @throws UpstreamError */
export async function readTenantStatus(
  config: OnlineConfig,
  allowLoopbackHttp: boolean,
  context: CallContext,
): Promise<TenantStatus> {
  const { body, headers } = await loginHttp(config.loginHost).json(
    {
      method: 'GET',
      path: `/api/state/${encodeURIComponent(config.contextIdentifier)}`,
      operation: 'GET /api/state/{context}',
      name: 'tenantStatus',
      effect: 'read',
      context,
    },
    answer,
  )
  const readAtMs = Date.now()
  // ValidUntil is by their clock, and so is Date.
  const serverNowMs = Date.parse(headers['date'] ?? '') || readAtMs
  const validUntilMs = parseUtc(body.ValidUntil)
  const running = body.IsRunning ?? RUNNING.has(body.State)
  const baseUrl = baseUrlOf(body.Api ?? null, body.Endpoint ?? null)
  if (running && baseUrl !== null) {
    requireHandedOutHttps(baseUrl, allowLoopbackHttp)
  }
  return {
    state: /^[A-Za-z]{1,40}$/.test(body.State) ? body.State : 'Unknown',
    running,
    baseUrl,
    readAtMs,
    clockOffsetMs: serverNowMs - readAtMs,
    // One that is over already is by another clock than Date, and tells nothing.
    validForMs:
      validUntilMs === null || validUntilMs <= serverNowMs ? null : validUntilMs - serverNowMs,
  }
}

/** `Api` lacks `/v1`; where only the endpoint is told, the API lies below it. */
function baseUrlOf(api: string | null, endpoint: string | null): string | null {
  const root = api || (endpoint ? `${endpoint.replace(/\/+$/, '')}/api` : null)
  return root === null ? null : `${root.replace(/\/+$/, '').replace(/\/v1$/i, '')}/v1`
}
