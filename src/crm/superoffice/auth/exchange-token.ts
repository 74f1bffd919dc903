import { z } from 'zod'
import type { CallContext } from '../../../http/index.js'
import type { OnlineConfig } from '../config.js'
import { loginHttp } from '../http-clients.js'
import { superOfficeFailure } from '../superoffice-failure.js'
import { signSystemToken } from './sign-token.js'
import { ticketOfToken } from './ticket-of-token.js'

const answer = z.object({ IsSuccessful: z.boolean(), Token: z.string().nullish() })

const OPERATION = 'POST /Login/api/PartnerSystemUser/Authenticate'

/**
 * Gets a ticket for the system user (docs/wire-superoffice.md, 2.1).
 *
 * @param loginNowMs the login host's clock: what is signed for another minute than its own is refused.
 * @throws UpstreamError `upstream_auth_failed`, not retryable, for a refusal, which comes with status 200; its text is
 *   not shown, as it may quote what was sent. Retryable ones where the login host does not answer.
 */
export async function exchangeToken(
  config: OnlineConfig,
  loginNowMs: number,
  context: CallContext,
): Promise<string> {
  const { body } = await loginHttp(config.loginHost).json(
    {
      method: 'POST',
      path: '/Login/api/PartnerSystemUser/Authenticate',
      operation: OPERATION,
      name: 'ticket',
      effect: 'read',
      json: {
        SignedSystemToken: signSystemToken(config.systemUserToken, config.privateKey, loginNowMs),
        ApplicationToken: config.clientSecret,
        ContextIdentifier: config.contextIdentifier,
        ReturnTokenType: 'JWT',
      },
      context,
    },
    answer,
  )
  if (!body.IsSuccessful || !body.Token) {
    throw superOfficeFailure(
      'upstream_auth_failed',
      OPERATION,
      'the system user was refused',
      'system_user_refused',
    )
  }
  return ticketOfToken(body.Token, config, context)
}
