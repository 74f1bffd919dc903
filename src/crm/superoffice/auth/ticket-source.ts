import { type CallContext, UpstreamError, answer, part, SingleFlight } from '../../../http/index.js'
import type { OnlineConfig } from '../config.js'
import { z } from 'zod'
import { loginHttp } from '../http-clients.js'
import { superOfficeFailure } from '../superoffice-failure.js'
import { NOT_JSON } from '../wire/describe-error.js'
import { ticketOfToken } from './ticket-of-token.js'
import { createSign } from 'node:crypto'
import { AppError } from '../../../contracts/app-error.js'

/** A ticket lives six hours from its last use; this leaves a margin. */
const IDLE_LIFE_MS = (6 * 60 - 10) * 60_000

/** Tickets of one application in one tenant. Callers share one renewal. */
export class TicketSource {
  #current: { readonly value: string; usedAtMs: number } | null = null
  #refusals = 0
  readonly #renewal: SingleFlight<string>

  constructor(
    config: OnlineConfig,
    /** Offset of the login host's clock from ours. */
    loginOffsetMs: () => number,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.#renewal = new SingleFlight(async (context) => {
      try {
        const value = await exchangeToken(config, this.nowMs() + loginOffsetMs(), context)
        this.#current = { value, usedAtMs: this.nowMs() }
        return value
      } catch (error) {
        this.#refusals += isRefusal(error) ? 1 : 0
        throw error
      }
    })
  }

  /** Number of failed renewals: a caller that was in progress during one need not renew again. */
  get refusals(): number {
    return this.#refusals
  }

  /** A ticket that stays valid for a while. @throws UpstreamError as `exchangeToken`. */
  async ticket(context: CallContext): Promise<string> {
    const current = this.#current
    return current !== null && this.nowMs() < current.usedAtMs + IDLE_LIFE_MS
      ? current.value
      : this.#renewal.run(context)
  }

  /** A call with it succeeded: its life starts again. */
  used(ticket: string): void {
    if (this.#current?.value === ticket) {
      this.#current.usedAtMs = this.nowMs()
    }
  }

  /** Forgets a refused ticket; one that was renewed meanwhile stays. */
  drop(ticket: string): void {
    if (this.#current?.value === ticket) {
      this.#current = null
    }
  }

  /** A fresh ticket was refused as well: the application's access is revoked. */
  revoked(ticket: string): void {
    this.drop(ticket)
    this.#refusals += 1
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof UpstreamError && error.code === 'upstream_auth_failed'
}

/** The form of a refusal is not documented: every answer that does not report success is one. */
const ticket = answer(
  {
    name: 'superoffice.token',
    operation: 'POST /Login/api/PartnerSystemUser/Authenticate',
    lossUnit: 'call',
  },
  part({ IsSuccessful: z.unknown().optional(), Token: z.string().nullish().catch(null) }),
)

/**
 * Gets a ticket for the system user (docs/wire-superoffice.md, 2.1).
 * @param loginNowMs the login host's clock: a signature for another minute than its own is refused.
 * @throws UpstreamError `upstream_auth_failed`, not retryable, for a refusal with status 200 or 4xx; its text may quote
 * what was sent and is not shown. Retryable ones if the login host does not answer.
 */
export async function exchangeToken(
  config: OnlineConfig,
  loginNowMs: number,
  context: CallContext,
): Promise<string> {
  const body = await authenticate(config, loginNowMs, context)
  if (body.IsSuccessful !== true || !body.Token) {
    throw refused()
  }
  return ticketOfToken(body.Token, config, context)
}

async function authenticate(config: OnlineConfig, loginNowMs: number, context: CallContext) {
  const request = {
    method: 'POST',
    path: '/Login/api/PartnerSystemUser/Authenticate',
    operation: ticket.operation,
    name: 'ticket',
    effect: 'read',
    json: {
      SignedSystemToken: signSystemToken(config.systemUserToken, config.privateKey, loginNowMs),
      ApplicationToken: config.clientSecret,
      ContextIdentifier: config.contextIdentifier,
      ReturnTokenType: 'JWT',
    },
    context,
  } as const
  try {
    return (await loginHttp(config.loginHost).json(request, ticket)).body
  } catch (error) {
    throw error instanceof UpstreamError && isRefused(error) ? refused() : error
  }
}

/** Only a refusal with status 200 is documented; a 4xx counts as one too, but a gateway's page does not. */
function isRefused({ status, upstreamCode }: UpstreamError): boolean {
  return (status === 400 || status === 401 || status === 403) && upstreamCode !== NOT_JSON
}

function refused(): UpstreamError {
  return superOfficeFailure(
    'upstream_auth_failed',
    ticket.operation,
    'the system user was refused',
    'system_user_refused',
  )
}

/**
 * Signs the system user token for one exchange: token, UTC minute, and an RSA-SHA256 signature of both
 * (docs/wire-superoffice.md, 2.1). Valid for about that minute, so each exchange signs again.
 * @throws AppError `value_invalid` if the key is not a valid key; neither key nor token is quoted.
 */
export function signSystemToken(token: string, privateKeyPem: string, nowMs: number): string {
  const minute = new Date(nowMs).toISOString().slice(0, 16).replace(/[-T:]/g, '')
  const data = `${token}.${minute}`
  try {
    const signature = createSign('RSA-SHA256')
      .update(data)
      // Environment variables often contain line ends as \n.
      .sign(privateKeyPem.replace(/\\n/g, '\n'), 'base64')
    return `${data}.${signature}`
  } catch {
    throw new AppError('value_invalid', 'The private key is no RSA key in PEM.', {
      path: 'superoffice.privateKey',
      value: '***',
    })
  }
}
