import { z } from 'zod'
import { isLegalBasis, type Purpose } from '../../domain/legal-basis.js'
import { isStorableId } from '../../domain/storable-text.js'
import {
  answer,
  type CallContext,
  entries,
  MAX_ROWS,
  part,
  readValue,
  rowsUpTo,
} from '../../http/index.js'
import type {
  ConsentState,
  ContactState,
  StatesRead,
  SubscriptionState,
  UnreadableState,
} from '../states.js'
import { id, isoText, toActor, version } from './primitives.js'

/**
 * States are by far the most of what is read (a million in one large send), so they are checked by schemas without
 * transformations, which zod compiles, and mapped by hand: about a tenth of the time.
 */

const facts = {
  version,
  eventTime: isoText.nullable(),
  recordedAt: isoText.nullable(),
  source: z.string().nullable(),
  actor: z.unknown().optional(),
}
const consent = part({ ...facts, legalBasis: z.string() })
const subscription = part({ ...facts, categoryId: id, subscribed: z.boolean() })

/** A contact of B3 and B3b. */
export const contactState = answer(
  { name: 'emarketeer.contactState', operation: 'POST /states/read', lossUnit: 'record' },
  part({
    contactId: id,
    email: z.string().nullable(),
    mobile: z.unknown().optional(),
    /** Absent where not asked for. A contact without e-mail has no state, whichever way that is written. */
    consents: part({
      storeAndProcess: consent.optional(),
      marketingSendouts: consent.optional(),
    }).nullish(),
    subscriptions: rowsUpTo(MAX_ROWS, subscription).nullish(),
  }).refine(({ email, consents }) => email === null || !consents || isWhole(consents), {
    path: ['consents'],
  }),
)

type State = z.output<typeof contactState.schema>
type Consents<Value> = Readonly<Record<Purpose, Value>>

function isWhole(
  consents: Partial<Consents<z.output<typeof consent> | undefined>>,
): consents is Consents<z.output<typeof consent>> {
  return consents.storeAndProcess !== undefined && consents.marketingSendouts !== undefined
}

/** Answer of B3. What is no text among the missing is nobody that is known to be missing. */
export const statesRead = answer(
  { name: 'emarketeer.statesRead', operation: 'POST /states/read', lossUnit: 'page' },
  part({
    items: entries,
    missing: entries.transform((ids) => ids.filter((one) => typeof one === 'string')),
  }),
)

/** Answer of B3b. */
export const statesPage = answer(
  { name: 'emarketeer.statesPage', operation: 'GET /states', lossUnit: 'page' },
  part({
    items: entries,
    nextCursor: z.string().nullable(),
    total: z.int().nullable().catch(null),
  }),
)

/** Reads contacts one by one, in our words, so that one which does not fit is no one else's trouble. */
export function readStates(
  raw: readonly unknown[],
  operation: string,
  context: CallContext | undefined,
): Pick<StatesRead, 'items' | 'unreadable'> {
  const items: ContactState[] = []
  const unreadable: UnreadableState[] = []
  for (const one of raw) {
    const reading = readValue(contactState, one)
    if (reading.ok) {
      items.push(toContactState(reading.value))
      continue
    }
    const { path } = reading
    const contactId = told(one, 'contactId')
    context?.onUnreadable?.({ operation, path, id: contactId })
    unreadable.push({ contactId, email: told(one, 'email'), path })
  }
  return { items, unreadable }
}

/** As much as can be made out of whom it is about. */
function told(raw: unknown, name: 'contactId' | 'email'): string | null {
  const value = (raw as Record<string, unknown> | null)?.[name]
  return typeof value === 'string' && (name === 'email' || isStorableId(value)) ? value : null
}

function toContactState({ contactId, email, mobile, consents, subscriptions }: State) {
  return {
    contactId,
    email,
    mobile: typeof mobile === 'string' ? mobile : null,
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
    ...toFacts(value),
  }
}

function toSubscription(value: z.output<typeof subscription>): SubscriptionState {
  return { categoryId: value.categoryId, subscribed: value.subscribed, ...toFacts(value) }
}

function toFacts(value: Pick<z.output<typeof consent>, keyof typeof facts>) {
  return {
    version: value.version,
    eventTimeMs: toMs(value.eventTime),
    recordedAtMs: toMs(value.recordedAt),
    source: value.source,
    actor: toActor(value.actor),
  }
}

function toMs(time: string | null): number | null {
  return time === null ? null : Date.parse(time)
}
