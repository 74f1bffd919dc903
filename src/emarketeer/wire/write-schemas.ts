import { z } from 'zod'
import type { StateWrite, WriteRequest, WriteResult } from '../writes.js'
import { SYNC_CLIENT_ID } from '../vocabulary.js'
import { actorOrNull, isoTimeOrNull, legalBasis, version } from './primitives.js'

const current = z
  .object({
    legalBasis: legalBasis.optional(),
    subscribed: z.boolean().optional(),
    version,
    eventTime: isoTimeOrNull,
    recordedAt: isoTimeOrNull,
    source: z.string().nullable(),
    actor: actorOrNull,
  })
  .refine((value) => (value.legalBasis === undefined) !== (value.subscribed === undefined))
  .transform(({ eventTime, recordedAt, legalBasis: basis, subscribed, ...rest }) => ({
    ...rest,
    eventTimeMs: eventTime,
    recordedAtMs: recordedAt,
    legalBasis: basis ?? null,
    subscribed: subscribed ?? null,
  }))

const index = z.int().nonnegative()

const result = z.discriminatedUnion('status', [
  z.object({ index, status: z.literal('applied'), version, changeId: z.string() }),
  z.object({ index, status: z.literal('unchanged'), version }),
  z.object({ index, status: z.literal('conflict'), version, current }),
  z.object({
    index,
    status: z.literal('notFound'),
    code: z.enum(['contact_not_found', 'category_not_found', 'other']).catch('other'),
  }),
  z.object({
    index,
    status: z.literal('invalid'),
    code: z
      .enum(['event_time_in_future', 'category_archived', 'contact_has_no_email', 'other'])
      .catch('other'),
  }),
])

/**
 * Answer of B4 for the given items. A result missing, out of order or about the other kind of value would be put down
 * to the wrong contact: then the whole answer is refused.
 */
export function writeAnswer(items: readonly StateWrite[]) {
  return z
    .object({
      results: z
        .array(result)
        .length(items.length)
        .superRefine((results, check) => {
          results.forEach((entry, position) => {
            if (entry.index !== position || !fitsKind(entry, items[position])) {
              check.addIssue({ code: 'custom', path: [position] })
            }
          })
        }),
    })
    .transform(({ results }) => results.map(({ index: _index, ...rest }): WriteResult => rest))
}

function fitsKind(entry: z.output<typeof result>, item: StateWrite | undefined): boolean {
  return (
    entry.status !== 'conflict' ||
    (entry.current.legalBasis !== null) === (item?.kind === 'consent')
  )
}

/** Longest comment the wire takes, characters. */
const MAX_COMMENT = 255

/** An event time further ahead is refused; a CRM's clock may be wrong, and its opt-outs must still arrive. */
const MAX_AHEAD_MS = 5 * 60_000

/** The body of B4. Made once per call: a repetition must send the very same. */
export function writeBody(request: WriteRequest, nowMs: number): string {
  return JSON.stringify({
    clientId: SYNC_CLIENT_ID,
    source: request.source,
    items: request.items.map((item) => writeItem(item, nowMs)),
  })
}

function writeItem(item: StateWrite, nowMs: number): Record<string, unknown> {
  const eventTimeMs = item.eventTimeMs < nowMs + MAX_AHEAD_MS ? item.eventTimeMs : nowMs
  const common = {
    contactId: item.contactId,
    expectedVersion: item.expectedVersion,
    eventTime: new Date(eventTimeMs).toISOString(),
    actor: { type: item.actor.type, id: item.actor.id, name: item.actor.name },
  }
  if (item.kind === 'subscription') {
    return { ...common, categoryId: item.categoryId, subscribed: item.subscribed }
  }
  return {
    ...common,
    purpose: item.purpose,
    legalBasis: item.legalBasis,
    text: item.text ?? null,
    comment: item.comment ? cut(item.comment, MAX_COMMENT) : null,
  }
}

/** Cuts between characters: half a surrogate pair would not survive UTF-8. */
function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '')
}
