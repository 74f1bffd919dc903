import { z } from 'zod'
import { answer, entries, MAX_ROWS, part, rowsUpTo } from '../../http/index.js'
import type { Change } from '../changes.js'
import { actorOrNull, id, isoTime, legalBasis, version, writerOrNull } from './primitives.js'

/** The value before a change is not read, because nothing is decided by it. */
const details = {
  consent: part({
    purpose: z.enum(['storeAndProcess', 'marketingSendouts', 'profiling']),
    new: part({ legalBasis, version }),
  }).transform(({ purpose, new: after }) => ({ purpose, after })),
  subscription: part({
    categoryId: id,
    new: part({ subscribed: z.boolean(), version }),
  }).transform(({ categoryId, new: after }) => ({ categoryId, after })),
  emailChanged: part({ oldEmail: z.string().nullable(), newEmail: z.string().nullable() }),
}

const facts = {
  id,
  contactIds: rowsUpTo(MAX_ROWS, id),
  email: z.string().nullable(),
  eventTime: isoTime,
  recordedAt: isoTime,
  source: z.string().nullable(),
  actor: actorOrNull,
  writer: writerOrNull,
}

const NO_DETAIL = [
  'contact.created',
  'contact.deleted',
  'category.created',
  'category.renamed',
  'category.archived',
] as const

/** A feed item, flattened: the parts of `detail` are beside the common facts. */
export const change = answer(
  { name: 'emarketeer.change', operation: 'GET /changes', lossUnit: 'record' },
  z
    .discriminatedUnion('type', [
      part({ ...facts, type: z.literal('consent.changed'), detail: details.consent }),
      part({ ...facts, type: z.literal('subscription.changed'), detail: details.subscription }),
      part({ ...facts, type: z.literal('contact.email_changed'), detail: details.emailChanged }),
      part({
        ...facts,
        type: z.enum(NO_DETAIL),
        detail: z
          .unknown()
          .optional()
          .transform(() => ({})),
      }),
    ])
    .transform(
      ({ eventTime, recordedAt, detail, ...rest }) =>
        ({ ...rest, ...detail, eventTimeMs: eventTime, recordedAtMs: recordedAt }) as Change,
    ),
)

/** Answer of EM-B2. Items are read one by one, so that a malformed one does not fail the page. */
export const changesPage = answer(
  { name: 'emarketeer.changesPage', operation: 'GET /changes', lossUnit: 'page' },
  part({ items: entries, nextCursor: z.string().min(1), hasMore: z.boolean() }),
)

/** The fields of a posted event, except its change. */
export const webhookEnvelope = answer(
  { name: 'emarketeer.event', operation: 'POST /hooks/em/{ref}', lossUnit: 'call' },
  part({ type: z.string(), data: z.unknown().optional() }),
)
