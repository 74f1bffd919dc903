import { z } from 'zod'
import { isLegalBasis, type Purpose } from '../../domain/legal-basis.js'
import type {
  ConsentState,
  ContactState,
  StatesPage,
  StatesRead,
  SubscriptionState,
} from '../states.js'
import { actorOrNull, id, isoText, version } from './primitives.js'

/**
 * States are by far the most of what is read (a million in one large send), so they are checked by schemas without
 * transformations, which zod compiles, and mapped by hand: about a tenth of the time.
 */

const facts = {
  version,
  eventTime: isoText.nullable(),
  recordedAt: isoText.nullable(),
  source: z.string().nullable(),
  actor: actorOrNull,
}
const consent = z.object({
  ...facts,
  legalBasis: z.string(),
  text: z.string().nullish(),
  comment: z.string().nullish(),
})
const subscription = z.object({ ...facts, categoryId: id, subscribed: z.boolean() })
const contactState = z
  .object({
    contactId: id,
    email: z.string().nullable(),
    mobile: z.string().nullish(),
    createdAt: isoText,
    /** Absent where not asked for. A contact without e-mail has no state, whichever way that is written. */
    consents: z
      .object({ storeAndProcess: consent.optional(), marketingSendouts: consent.optional() })
      .nullish(),
    subscriptions: z.array(subscription).nullish(),
  })
  .refine(({ email, consents }) => email === null || !consents || isWhole(consents), {
    path: ['consents'],
  })

type Consents<Value> = Readonly<Record<Purpose, Value>>

function isWhole(
  consents: Partial<Consents<z.output<typeof consent> | undefined>>,
): consents is Consents<z.output<typeof consent>> {
  return consents.storeAndProcess !== undefined && consents.marketingSendouts !== undefined
}

/** Answer of B3. */
export const statesRead = z.object({ items: z.array(contactState), missing: z.array(z.string()) })

/** Answer of B3b. */
export const statesPage = z.object({
  items: z.array(contactState),
  nextCursor: z.string().nullable(),
  total: z.int().nonnegative(),
})

/** The checked answer of B3, in our words. */
export function toStatesRead(answer: z.output<typeof statesRead>): StatesRead {
  return { items: answer.items.map(toContactState), missing: answer.missing }
}

/** The checked answer of B3b, in our words. */
export function toStatesPage(answer: z.output<typeof statesPage>): StatesPage {
  const { items, nextCursor, total } = answer
  return { items: items.map(toContactState), nextCursor, total }
}

function toContactState(item: z.output<typeof contactState>): ContactState {
  const { contactId, email, mobile, createdAt, consents, subscriptions } = item
  return {
    contactId,
    email,
    mobile: mobile ?? null,
    createdAtMs: Date.parse(createdAt),
    consents:
      email !== null && consents && isWhole(consents)
        ? {
            storeAndProcess: toConsent(consents.storeAndProcess),
            marketingSendouts: toConsent(consents.marketingSendouts),
          }
        : null,
    subscriptions: email !== null && subscriptions ? subscriptions.map(toSubscription) : null,
  }
}

function toConsent(value: z.output<typeof consent>): ConsentState {
  return {
    // A text outside the vocabulary costs this one value, not the batch.
    legalBasis: isLegalBasis(value.legalBasis) ? value.legalBasis : 'unreadable',
    version: value.version,
    eventTimeMs: toMs(value.eventTime),
    recordedAtMs: toMs(value.recordedAt),
    source: value.source,
    actor: value.actor,
    text: value.text ?? null,
    comment: value.comment ?? null,
  }
}

function toSubscription(value: z.output<typeof subscription>): SubscriptionState {
  return {
    categoryId: value.categoryId,
    subscribed: value.subscribed,
    version: value.version,
    eventTimeMs: toMs(value.eventTime),
    recordedAtMs: toMs(value.recordedAt),
    source: value.source,
    actor: value.actor,
  }
}

function toMs(time: string | null): number | null {
  return time === null ? null : Date.parse(time)
}
