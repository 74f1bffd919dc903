import { z } from 'zod'
import { type CallContext, createHttp, type HttpTimeouts } from '../http/index.js'
import { assertAtMost } from './operations/wire.js'
import { describeEmarketeerError } from './describe-emarketeer-error.js'
import { withoutRefused } from './without-refused.js'

/**
 * The one operation of eMarketeer's public API that the sync needs: creating contacts, for `createMissing` (E7;
 * docs/wire-emarketeer.md, A1). Its schema is assumed, hence a port of its own: a correction changes this file only.
 */

/** Fields of a contact; an absent field is left as it is, null empties it. Consent cannot be set here. */
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

/** Outcome for one contact: the oldest with that address was updated, or a new one made; or eMarketeer refused it. */
export type ContactUpserted =
  | {
      readonly contactId: string
      readonly email: string
      readonly status: 'created' | 'updated'
    }
  | { readonly contactId: null; readonly email: string; readonly status: 'refused' }

/** Most contacts of one call. */
export const MAX_UPSERTS = 100

/** The port. Repeating a call is harmless: contacts are matched on their address. */
export interface PublicContacts {
  /**
   * Creates or updates up to 100 contacts. For eMarketeer one bad item refuses the call; without it the others are sent
   * again, so that nobody waits for somebody else's address to be corrected.
   *
   * @returns outcomes in the order given.
   * @throws UpstreamError; RangeError above 100 contacts.
   */
  upsert(
    contacts: readonly ContactUpsert[],
    context?: CallContext,
  ): Promise<readonly ContactUpserted[]>
  close(): void
}

/** Where the public API is, and one account's public key (a secret). */
export interface PublicContactsConfig {
  /** `EMARKETEER_CONNECT_URL`. */
  readonly connectUrl: string
  readonly apiKey: string
  readonly timeouts?: Partial<HttpTimeouts> | undefined
}

const result = z
  .object({
    index: z.int(),
    id: z.string().min(1),
    email: z.string(),
    status: z.enum(['created', 'updated']),
  })
  .transform(({ index, id, email, status }) => ({ index, contactId: id, email, status }))

/** Builds the port of one account. */
export function createPublicContacts(config: PublicContactsConfig): PublicContacts {
  const http = createHttp({
    system: 'emarketeer',
    baseUrl: config.connectUrl,
    headers: { 'x-api-key': config.apiKey },
    timeouts: config.timeouts,
    hooks: { describeError: describeEmarketeerError },
  })
  const send = async (
    contacts: readonly ContactUpsert[],
    context: CallContext | undefined,
  ): Promise<readonly ContactUpserted[]> => {
    const answer = await http.json(
      {
        method: 'POST',
        path: '/contacts-api/v1/contacts',
        operation: 'POST /contacts-api/v1/contacts',
        name: 'contacts.upsert',
        effect: 'write',
        json: { contacts },
        context,
      },
      z.object({
        results: z
          .array(result)
          .length(contacts.length)
          .refine((results) => results.every(({ index }, position) => index === position)),
      }),
    )
    return answer.body.results.map(({ index: _index, ...outcome }) => outcome)
  }
  return {
    async upsert(contacts, context) {
      assertAtMost(contacts.length, MAX_UPSERTS, 'contacts')
      const outcomes = new Map<ContactUpsert, ContactUpserted>()
      for (let left = contacts; left.length > 0;) {
        try {
          const results = await send(left, context)
          results.forEach((outcome, index) => outcomes.set(left[index]!, outcome))
          break
        } catch (error) {
          left = withoutRefused(error, 'contacts', left).rest
        }
      }
      return contacts.map(
        (contact) =>
          outcomes.get(contact) ?? { contactId: null, email: contact.email, status: 'refused' },
      )
    },
    close: () => http.close(),
  }
}
