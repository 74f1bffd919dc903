import {
  answer,
  type CallContext,
  createHttp,
  type HttpTimeouts,
  part,
  UpstreamError,
  type UpstreamCode,
} from '../http/index.js'
import { assertAtMost } from './operations/wire.js'
import { describeEmarketeerError } from './describe-emarketeer-error.js'
import { withoutRefused } from './without-refused.js'

/**
 * The only operation of eMarketeer's public API that the sync needs: creating contacts, for `createMissing` (E7;
 * docs/wire-emarketeer.md, layer A). Its schema is assumed, so it has an interface of its own, and a correction changes
 * only this file.
 */

/** Fields of a contact. An absent field does not change, null empties it. Consent cannot be set here. */
export interface ContactUpsert {
  readonly email: string
  readonly firstName?: string | null
  readonly lastName?: string | null
  readonly company?: string | null
  readonly title?: string | null
  readonly mobile?: string | null
  readonly telephone?: string | null
  readonly externalId?: string | null
}

/** Most contacts per call. */
export const MAX_UPSERTS = 100

/** Creating contacts. Repeating a call is safe, because contacts are matched by address. */
export interface PublicContacts {
  /**
   * Creates or updates up to 100 contacts. eMarketeer refuses a call because of one bad item; the others are then sent
   * again without it. If the API asked for a wait, or refused the key in the last five minutes, it is not called and
   * the same error is thrown again. The result does not state who was created: read the states.
   * @throws UpstreamError; RangeError above 100 contacts.
   */
  upsert(contacts: readonly ContactUpsert[], context?: CallContext): Promise<void>
  close(): void
}

/** Address of the public API, and an account's public key (a secret). */
export interface PublicContactsConfig {
  /** `EMARKETEER_CONNECT_URL`. */
  readonly connectUrl: string
  readonly apiKey: string
  readonly timeouts?: Partial<HttpTimeouts> | undefined
}

/** The sync feed shows who exists now, and with what state. */
const upserted = answer(
  {
    name: 'emarketeer.upserted',
    operation: 'POST /contacts-api/v1/contacts',
    lossUnit: 'call',
  },
  part({}),
)

/** The API asked for a wait or refused the key. It is not called until then. */
interface Shut {
  readonly error: UpstreamError
  readonly untilMs: number
}

/** Wait after a 429 that states no time. */
const DEFAULT_WAIT_SECONDS = 15
/** Wait before a refused key is tried again. */
const REFUSED_KEY_WAIT_SECONDS = 5 * 60

function shutBy(error: unknown): Shut | null {
  if (!(error instanceof UpstreamError)) {
    return null
  }
  const waits: Partial<Record<UpstreamCode, number>> = {
    upstream_rate_limited: error.retryAfterSeconds ?? DEFAULT_WAIT_SECONDS,
    upstream_auth_failed: REFUSED_KEY_WAIT_SECONDS,
    upstream_forbidden: REFUSED_KEY_WAIT_SECONDS,
  }
  const waitSeconds = waits[error.code] ?? error.retryAfterSeconds
  return waitSeconds === null ? null : { error, untilMs: Date.now() + waitSeconds * 1_000 }
}

/** Creates the client for one account. */
export function createPublicContacts(config: PublicContactsConfig): PublicContacts {
  const http = createHttp({
    system: 'emarketeer',
    baseUrl: config.connectUrl,
    headers: { 'x-api-key': config.apiKey },
    timeouts: config.timeouts,
    hooks: { describeError: describeEmarketeerError },
  })
  const send = async (contacts: readonly ContactUpsert[], context: CallContext | undefined) => {
    await http.json(
      {
        method: 'POST',
        path: '/contacts-api/v1/contacts',
        operation: upserted.operation,
        name: 'contacts.upsert',
        effect: 'write',
        json: { contacts },
        context,
      },
      upserted,
    )
  }
  let shut: Shut | null = null
  return {
    async upsert(contacts, context) {
      assertAtMost(contacts.length, MAX_UPSERTS, 'contacts')
      if (shut !== null && Date.now() < shut.untilMs) {
        throw shut.error
      }
      for (let left = contacts; left.length > 0;) {
        try {
          await send(left, context)
          return
        } catch (error) {
          shut = shutBy(error)
          left = withoutRefused(error, 'contacts', left).rest
        }
      }
    },
    close: () => http.close(),
  }
}
