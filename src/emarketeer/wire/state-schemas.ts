import { z } from 'zod'
import { isLegalBasis, type Purpose } from '../../domain/legal-basis.js'
import { addressOrText } from '../../domain/email-address.js'
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
  StatePart,
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

/** Answer of B3. What is no list of texts among the missing is nobody that is known to be missing. */
export const statesRead = answer(
  { name: 'emarketeer.statesRead', operation: 'POST /states/read', lossUnit: 'page' },
  part({
    items: entries,
    missing: z.preprocess(
      (given) => (Array.isArray(given) ? (given as unknown[]) : []),
      entries.transform((ids) => ids.filter((one) => typeof one === 'string')),
    ),
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

/**
 * Reads contacts one by one, in our words, so that one which does not fit is no one else's trouble. One with an address has
 * what was asked for: left out or null, it is unknown.
 *
 * @param include the half that was asked for; undefined: both.
 */
export function readStates(
  raw: readonly unknown[],
  operation: string,
  include: StatePart | undefined,
  context: CallContext | undefined,
): Pick<StatesRead, 'items' | 'unreadable'> {
  const items: ContactState[] = []
  const unreadable: UnreadableState[] = []
  for (const one of raw) {
    const reading = readValue(contactState, one)
    const untold = reading.ok ? untoldPart(reading.value, include) : null
    if (reading.ok && untold === null) {
      items.push(toContactState(reading.value))
      continue
    }
    const path = reading.ok ? untold! : reading.path
    const contactId = told(one, 'contactId')
    context?.onUnreadable?.({ operation, path, id: contactId })
    unreadable.push({ contactId, email: told(one, 'email'), path })
  }
  return { items, unreadable }
}

/** What was asked for and is not there; null: nothing. */
function untoldPart(state: State, include: StatePart | undefined): StatePart | null {
  const parts = include === undefined ? STATE_PARTS : [include]
  return state.email === null ? null : (parts.find((name) => !state[name]) ?? null)
}

const STATE_PARTS: readonly StatePart[] = ['consents', 'subscriptions']

/**
 * An answer, held against what was asked for. Who is neither told of nor named as missing is unknown; missing is only who was
 * asked for, and is not told of besides. Addresses are compared as we do, so that no spelling makes two of one.
 *
 * @param onUnknown of each that is unknown: its id, where it was asked for by it.
 */
export function asAsked(
  key: 'contactIds' | 'emails',
  asked: readonly string[],
  read: StatesRead,
  onUnknown: (id: string | null) => void,
): StatesRead {
  const isById = key === 'contactIds'
  const form = (value: string | null) => (isById ? value : addressOrText(value))
  const told = new Set(
    [...read.items, ...read.unreadable].map((one) => form(isById ? one.contactId : one.email)),
  )
  const named = new Set(read.missing.map(form))
  const untold = asked.filter((value) => !told.has(form(value)))
  const isMissing = (value: string) => named.has(form(value))
  const unknown = untold
    .filter((value) => !isMissing(value))
    .map((value): UnreadableState => {
      onUnknown(isById ? value : null)
      return { contactId: isById ? value : null, email: isById ? null : value, path: MISSING }
    })
  return {
    items: read.items,
    unreadable: [...read.unreadable, ...unknown],
    missing: untold.filter(isMissing),
  }
}

/** Where it is not told that somebody is missing. */
export const MISSING = 'missing'

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
