import { z } from 'zod'
import type { ConsentState, ContactState, SubscriptionState } from '../states.js'
import {
  actorOrNull,
  id,
  isoTime,
  isoTimeOrNull,
  legalBasis,
  textOrNull,
  version,
} from './primitives.js'

const consent = z
  .object({
    legalBasis,
    version,
    eventTime: isoTimeOrNull,
    recordedAt: isoTimeOrNull,
    source: z.string().nullable(),
    actor: actorOrNull,
    text: textOrNull,
    comment: textOrNull,
  })
  .transform(({ eventTime, recordedAt, ...rest }): ConsentState => ({
    ...rest,
    eventTimeMs: eventTime,
    recordedAtMs: recordedAt,
  }))

const subscription = z
  .object({
    categoryId: id,
    subscribed: z.boolean(),
    version,
    eventTime: isoTimeOrNull,
    recordedAt: isoTimeOrNull,
    source: z.string().nullable(),
    actor: actorOrNull,
  })
  .transform(({ eventTime, recordedAt, ...rest }): SubscriptionState => ({
    ...rest,
    eventTimeMs: eventTime,
    recordedAtMs: recordedAt,
  }))

/** One contact with its state; the half that was not asked for is absent. */
const contactState = z
  .object({
    contactId: id,
    email: z.string().nullable(),
    mobile: textOrNull,
    createdAt: isoTime,
    consents: z.object({ storeAndProcess: consent, marketingSendouts: consent }).nullish(),
    subscriptions: z.array(subscription).nullish(),
  })
  .transform(({ createdAt, consents, subscriptions, ...rest }): ContactState => ({
    ...rest,
    createdAtMs: createdAt,
    consents: consents ?? null,
    subscriptions: subscriptions ?? null,
  }))

/** Answer of B3. */
export const statesRead = z.object({ items: z.array(contactState), missing: z.array(z.string()) })

/** Answer of B3b. */
export const statesPage = z.object({
  items: z.array(contactState),
  nextCursor: z.string().nullable(),
  total: z.int().nonnegative(),
})
