import { z } from 'zod'
import { isLegalBasis, type Purpose } from '../../domain/legal-basis.js'
import { issuePath } from '../../http/read-json.js'
import { MAX_ROWS, rowsUpTo } from '../../http/index.js'
import type {
  ConsentState,
  ContactState,
  StatesPage,
  StatesRead,
  SubscriptionState,
  UnreadableState,
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
    subscriptions: rowsUpTo(MAX_ROWS, subscription).nullish(),
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

/** Contacts are read one by one, so that one which does not fit is no one else's trouble. */
const items = z.array(z.unknown()).max(MAX_ROWS)

/** Answer of B3. */
export const statesRead = z.object({ items, missing: rowsUpTo(MAX_ROWS, z.string()) })

/** Answer of B3b. */
export const statesPage = z.object({
  items,
  nextCursor: z.string().nullable(),
  total: z.int().nonnegative(),
})

/** The checked answer of B3, in our words. */
export function toStatesRead(answer: z.output<typeof statesRead>): StatesRead {
  return { ...readEach(answer.items), missing: answer.missing }
}

/** The checked answer of B3b, in our words. */
export function toStatesPage(answer: z.output<typeof statesPage>): StatesPage {
  const { nextCursor, total } = answer
  return { ...readEach(answer.items), nextCursor, total }
}

function readEach(raw: readonly unknown[]): Pick<StatesRead, 'items' | 'unreadable'> {
  const read: ContactState[] = []
  const unreadable: UnreadableState[] = []
  for (const one of raw) {
    const parsed = contactState.safeParse(one)
    if (parsed.success) {
      read.push(toContactState(parsed.data))
    } else {
      unreadable.push(toUnreadable(one, issuePath(parsed.error.issues[0]?.path ?? [])))
    }
  }
  return { items: read, unreadable }
}

/** As much as can be made out of whom it is about. */
function toUnreadable(raw: unknown, path: string): UnreadableState {
  const { contactId, email } = loose.parse(raw)
  return { contactId, email, path }
}

const loose = z
  .object({ contactId: id.nullable().catch(null), email: z.string().nullable().catch(null) })
  .catch({ contactId: null, email: null })

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
