import { z } from 'zod'
import { answer, type CallContext, part } from '../../../http/index.js'
import type { OnlineConfig } from '../config.js'
import { loginHttp } from '../http-clients.js'
import { requireHandedOutHttps } from '../require-https.js'
import { parseUtc } from '../wire/time.js'

const text = z.string().nullish().catch(null)
const address = z.url().nullish().catch(null)
const tenant = answer(
  { name: 'superoffice.tenant', operation: 'GET /api/state/{context}', lossUnit: 'call' },
  part({
    State: text,
    IsRunning: z.boolean().nullish().catch(null),
    ValidUntil: text,
    Api: address,
    Endpoint: address,
    // Without either it is no status of a tenant.
  }).refine(({ State, IsRunning }) => Boolean(State) || typeof IsRunning === 'boolean', {
    path: ['State'],
  }),
)

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
      operation: tenant.operation,
      name: 'tenantStatus',
      effect: 'read',
      context,
    },
    tenant,
  )
  const readAtMs = Date.now()
  // ValidUntil is by their clock, and so is Date.
  const serverNowMs = Date.parse(headers['date'] ?? '') || readAtMs
  const validUntilMs = parseUtc(body.ValidUntil)
  const state = body.State ?? ''
  const running = body.IsRunning ?? RUNNING.has(state)
  const baseUrl = baseUrlOf(body.Api ?? null, body.Endpoint ?? null)
  if (running && baseUrl !== null) {
    requireHandedOutHttps(baseUrl, allowLoopbackHttp)
  }
  return {
    state: /^[A-Za-z]{1,40}$/.test(state) ? state : 'Unknown',
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
