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
 * States are most of the data that is read (a million in one large send). Their schemas have no transformations, so
 * that zod can compile them, and the mapping is written by hand. This takes about a tenth of the time.
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

/** A contact of EM-B3 and EM-B3b. */
export const contactState = answer(
  { name: 'emarketeer.contactState', operation: 'POST /states/read', lossUnit: 'record' },
  part({
    contactId: id,
    email: z.string().nullable(),
    mobile: z.unknown().optional(),
    /** Absent if not requested. A contact without an e-mail address has no state, in whatever form that is stated. */
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

/** Answer of EM-B3. If `missing` is not a list of texts, no contact counts as missing. */
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

/** Answer of EM-B3b. */
export const statesPage = answer(
  { name: 'emarketeer.statesPage', operation: 'GET /states', lossUnit: 'page' },
  part({
    items: entries,
    nextCursor: z.string().nullable(),
    total: z.int().nullable().catch(null),
  }),
)

/**
 * Reads contacts one by one into our terms, so that one malformed contact does not affect the others. A contact with an
 * address must have the parts that were requested: if one is absent or null, the contact is unknown.
 * @param include the part that was requested; undefined: both.
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
    const missing = reading.ok ? missingPart(reading.value, include) : null
    if (reading.ok && missing === null) {
      items.push(toContactState(reading.value))
      continue
    }
    const path = reading.ok ? missing! : reading.path
    const contactId = textOf(one, 'contactId')
    context?.onUnreadable?.({ operation, path, id: contactId })
    unreadable.push({ contactId, email: textOf(one, 'email'), path })
  }
  return { items, unreadable }
}

/** The part that was requested and is absent; null: none. */
function missingPart(state: State, include: StatePart | undefined): StatePart | null {
  const parts = include === undefined ? STATE_PARTS : [include]
  return state.email === null ? null : (parts.find((name) => !state[name]) ?? null)
}

const STATE_PARTS: readonly StatePart[] = ['consents', 'subscriptions']

/**
 * Compares an answer with the request. A contact that is neither returned nor named as missing is unknown. A contact is
 * missing only if it was requested and is not also returned. Addresses are compared by our key, so that spelling does
 * not matter.
 * @param onUnknown called for each unknown contact, with its id if it was requested by id.
 */
export function asAsked(
  key: 'contactIds' | 'emails',
  asked: readonly string[],
  read: StatesRead,
  onUnknown: (id: string | null) => void,
): StatesRead {
  const isById = key === 'contactIds'
  const form = (value: string | null) => (isById ? value : addressOrText(value))
  const returned = new Set(
    [...read.items, ...read.unreadable].map((one) => form(isById ? one.contactId : one.email)),
  )
  const named = new Set(read.missing.map(form))
  const absent = asked.filter((value) => !returned.has(form(value)))
  const isMissing = (value: string) => named.has(form(value))
  const unknown = absent
    .filter((value) => !isMissing(value))
    .map((value): UnreadableState => {
      onUnknown(isById ? value : null)
      return { contactId: isById ? value : null, email: isById ? null : value, path: MISSING }
    })
  return {
    items: read.items,
    unreadable: [...read.unreadable, ...unknown],
    missing: absent.filter(isMissing),
  }
}

/** The path of a contact that the answer omits without naming it as missing. */
export const MISSING = 'missing'

/** The contact's id or address, as far as it is readable. */
function textOf(raw: unknown, name: 'contactId' | 'email'): string | null {
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
    // A text outside the vocabulary affects only this value, not the batch.
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
