import type { CallContext } from '../../../http/index.js'
import { sendBatch } from '../batch-call.js'
import type { DataverseClient } from '../client.js'
import type { BatchPart } from '../wire/batch-decode.js'
import type { BatchRequest } from '../wire/batch-encode.js'
import { lostAnswer, partError } from '../wire/part-error.js'
import {
  type AuditEntry,
  detailRequest,
  entriesRequest,
  MAX_ENTRIES,
  readDetail,
  readEntries,
} from './audit-rows.js'

/** The newest entry that changed a contact's toggle, and to what. */
export interface Flip {
  readonly contactId: string
  readonly entry: AuditEntry
  readonly newValue: boolean
}

const PURPOSE = { operation: 'POST /$batch (audit)', name: 'audit.read', effect: 'read' } as const

/**
 * Looks through the audit of contacts, newest first, all of them side by side: one request for the entries and one
 * for each depth that is needed. Contacts without a readable flip are absent.
 *
 * @throws UpstreamError where the service asks to wait or does not answer.
 */
export async function newestFlips(
  client: DataverseClient,
  contactIds: readonly string[],
  context: CallContext,
): Promise<Flip[]> {
  const lists = await ask(client, contactIds.map(entriesRequest), context)
  let open = contactIds.flatMap((contactId, at) => {
    const part = lists[at]
    const entries = part === undefined ? null : readEntries(part, context)
    return entries === null || entries.length === 0 ? [] : [{ contactId, entries }]
  })
  const flips: Flip[] = []
  for (let depth = 0; depth < MAX_ENTRIES && open.length > 0; depth += 1) {
    const looked = open.flatMap(({ contactId, entries }) => {
      const entry = entries[depth]
      return entry === undefined ? [] : [{ contactId, entries, entry }]
    })
    const parts =
      looked.length === 0
        ? []
        : await ask(
            client,
            looked.map(({ entry }) => detailRequest(entry)),
            context,
          )
    open = looked.filter(({ contactId, entry }, at) => {
      const part = parts[at]
      const value = part === undefined ? null : readDetail(part, context)
      if (typeof value === 'boolean') {
        flips.push({ contactId, entry, newValue: value })
      }
      return value === 'untouched'
    })
  }
  return flips
}

async function ask(
  client: DataverseClient,
  requests: readonly BatchRequest[],
  context: CallContext,
): Promise<readonly BatchPart[]> {
  const answer = await sendBatch(client, requests, PURPOSE, context)
  for (const part of answer.parts) {
    if (part.status === 429 || part.status >= 500) {
      throw partError(part, PURPOSE.operation, PURPOSE.effect)
    }
  }
  if (answer.parts.length < requests.length) {
    throw lostAnswer(PURPOSE.operation, PURPOSE.effect, 'fewer answers than requests')
  }
  return answer.parts
}
