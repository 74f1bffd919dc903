import { z } from 'zod'
import { MAX_ROWS, rowsUpTo } from '../../http/index.js'
import type { Change } from '../changes.js'
import {
  actorOrNull,
  id,
  isoTime,
  isoTimeOrNull,
  legalBasis,
  textOrNull,
  version,
  writerOrNull,
} from './primitives.js'

const consentPoint = z
  .object({ legalBasis, version, eventTime: isoTimeOrNull })
  .transform(({ eventTime, ...rest }) => ({ ...rest, eventTimeMs: eventTime }))

const subscriptionPoint = z
  .object({ subscribed: z.boolean(), version, eventTime: isoTimeOrNull })
  .transform(({ eventTime, ...rest }) => ({ ...rest, eventTimeMs: eventTime }))

const details = {
  consent: z
    .object({
      purpose: z.enum(['storeAndProcess', 'marketingSendouts', 'profiling']),
      old: consentPoint,
      new: consentPoint,
      text: textOrNull,
      comment: textOrNull,
    })
    .transform(({ old, new: after, ...rest }) => ({ ...rest, before: old, after })),
  subscription: z
    .object({ categoryId: id, old: subscriptionPoint, new: subscriptionPoint })
    .transform(({ old, new: after, ...rest }) => ({ ...rest, before: old, after })),
  created: z
    .object({ createdAt: isoTime, mobile: textOrNull })
    .transform(({ createdAt, mobile }) => ({ createdAtMs: createdAt, mobile })),
  emailChanged: z.object({ oldEmail: z.string().nullable(), newEmail: z.string().nullable() }),
  deleted: z.object({ emailSha256: z.string().nullable() }),
  category: z.object({ categoryId: id, name: z.string(), oldName: textOrNull }),
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

/** A feed item, flattened: the parts of `detail` stand beside the common facts. */
export const change = z
  .discriminatedUnion('type', [
    z.object({ ...facts, type: z.literal('consent.changed'), detail: details.consent }),
    z.object({ ...facts, type: z.literal('subscription.changed'), detail: details.subscription }),
    z.object({ ...facts, type: z.literal('contact.created'), detail: details.created }),
    z.object({ ...facts, type: z.literal('contact.email_changed'), detail: details.emailChanged }),
    z.object({ ...facts, type: z.literal('contact.deleted'), detail: details.deleted }),
    z.object({ ...facts, type: z.literal('category.created'), detail: details.category }),
    z.object({ ...facts, type: z.literal('category.renamed'), detail: details.category }),
    z.object({ ...facts, type: z.literal('category.archived'), detail: details.category }),
  ])
  .transform(
    ({ eventTime, recordedAt, detail, ...rest }) =>
      ({ ...rest, ...detail, eventTimeMs: eventTime, recordedAtMs: recordedAt }) as Change,
  )

/** Answer of B2; items are read one by one, so that a malformed one does not cost the page. */
export const changesPage = z.object({
  items: z.array(z.unknown()).max(MAX_ROWS),
  nextCursor: z.string().min(1),
  hasMore: z.boolean(),
})
