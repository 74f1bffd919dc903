import { z } from 'zod'
import { answer, type CallContext, entries, part, readRecords } from '../../http/index.js'
import type { StateWrite, WriteRequest, WriteResult } from '../writes.js'
import { SYNC_CLIENT_ID } from '../vocabulary.js'
import { id, version } from './primitives.js'

const index = z.int().nonnegative()
const changeId = id
  .nullish()
  .catch(null)
  .transform((one) => one ?? null)

/** A result of EM-B4. */
export const writeResult = answer(
  { name: 'emarketeer.writeResult', operation: 'POST /states/write', lossUnit: 'record' },
  z
    .discriminatedUnion('status', [
      part({ index, status: z.literal('applied'), version, changeId }),
      part({ index, status: z.enum(['unchanged', 'conflict', 'notFound', 'invalid']) }),
    ])
    .transform(({ index: _index, ...rest }) => rest),
)

const results = answer(
  { name: 'emarketeer.writeResults', operation: 'POST /states/write', lossUnit: 'call' },
  part({ results: entries }),
)

/**
 * Answer of EM-B4 for the given items. If a result is missing or out of order, the complete answer is refused, because
 * results would be assigned to the wrong contacts.
 */
export function writeAnswer(items: readonly StateWrite[]): typeof results {
  const isInOrder = (result: unknown, position: number) => {
    const index = (result as { index?: unknown } | null)?.index
    return !Number.isInteger(index) || index === position
  }
  const schema = results.schema.refine(
    (body) => body.results.length === items.length && body.results.every(isInOrder),
    { path: ['results'] },
  )
  return { ...results, schema }
}

/** Outcomes in the order of the items. An unreadable one does not show whether its item was applied. */
export function toWriteResults(
  raw: readonly unknown[],
  context: CallContext | undefined,
): WriteResult[] {
  return raw.map((one) => readRecords(writeResult, [one], context)[0] ?? { status: 'unknown' })
}

/** Longest comment that eMarketeer accepts, in characters. */
const MAX_COMMENT = 255

/**
 * eMarketeer refuses an event time that is further ahead. A CRM's clock may be wrong, and its opt-outs must still be
 * written.
 */
const MAX_AHEAD_MS = 5 * 60_000

/** The body of EM-B4. Build it once per call, because a repeat must send the same bytes. */
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

/** Cuts between characters, because half a surrogate pair cannot be encoded in UTF-8. */
function cut(text: string, maxLength: number): string {
  return text.length <= maxLength ? text : text.slice(0, maxLength).replace(/[\uD800-\uDBFF]$/, '')
}
