import { chunksOf } from '../../../domain/lists.js'
import {
  type CallContext,
  type ClockReading,
  readRecords,
  UpstreamError,
} from '../../../http/index.js'
import type { CrmFieldHistory } from '../../crm.js'
import type { DataverseClient } from '../client.js'
import { readByIn } from '../reading/batch-queries.js'
import { contactRow } from '../reading/rows.js'
import { isGuid } from '../wire/odata.js'
import { isAuditOn } from './audit.js'
import {
  type AuditEntry,
  detailRequest,
  entriesRequest,
  MAX_ENTRIES,
  readDetail,
  readEntries,
} from './audit.js'
import { sendBatch } from '../batch-call.js'
import type { BatchPart } from '../wire/batch-decode.js'
import type { BatchRequest } from '../wire/batch-encode.js'
import { lostAnswer, partError } from '../wire/errors.js'

/** Contacts per round of requests. */
const CHUNK = 100

/** The audit of one environment, as far as it proves when and by whom the toggle was set. */
export class FieldHistory {
  #on: boolean | null = null

  constructor(
    private readonly client: DataverseClient,
    private readonly ownUserId: string | null,
  ) {}

  /**
   * Contacts without provable history are absent; so is everybody if the audit is off or closed to us.
   * @throws UpstreamError only if a retry helps (throttled, unreachable): with "nothing provable" instead, the
   * restrictive value would win for good.
   */
  async read(contactIds: readonly string[], context: CallContext): Promise<CrmFieldHistory[]> {
    const ids = [...new Set(contactIds.map((id) => id.toLowerCase()))].filter(isGuid)
    try {
      this.#on ??= await isAuditOn(this.client, context)
      const histories: CrmFieldHistory[] = []
      for (const chunk of this.#on ? chunksOf(ids, CHUNK) : []) {
        histories.push(...(await this.#readChunk(chunk, context)))
      }
      return histories
    } catch (error) {
      if (
        error instanceof UpstreamError &&
        !error.retryable &&
        error.code !== 'upstream_cancelled'
      ) {
        return []
      }
      throw error
    }
  }

  async #readChunk(ids: readonly string[], context: CallContext): Promise<CrmFieldHistory[]> {
    let clock: ClockReading | undefined
    const onClock = (reading: ClockReading) => {
      clock ??= reading
      context.onClock?.(reading)
    }
    // The token is fetched before, so that the first clock reading belongs to the request for the entries alone.
    await this.client.warmUp(context)
    const readAtMs = Date.now()
    const flips = await newestFlips(this.client, ids, { ...context, onClock })
    if (clock === undefined || flips.length === 0) {
      return []
    }
    const { offsetMs, roundTripMs } = clock
    // Read after the audit, so that a change in between shows as a modification that the audit does not explain.
    const contacts = await this.#contacts(
      flips.map((flip) => flip.contactId),
      context,
    )
    return flips
      .map((flip) =>
        judgeStamp({
          ...flip,
          presentValue: contacts.get(flip.contactId)?.donotbulkemail ?? null,
          modifiedMs: timeOf(contacts.get(flip.contactId)?.modifiedon),
          auditReadAtMs: readAtMs + offsetMs,
          offsetMs,
          roundTripMs,
          ownUserId: this.ownUserId,
        }),
      )
      .filter((history) => history !== null)
  }

  async #contacts(ids: readonly string[], context: CallContext) {
    const query = {
      setName: 'contacts',
      select: ['contactid', 'donotbulkemail', 'modifiedon'],
      properties: ['contactid'],
      values: ids,
    }
    const [rows = []] = await readByIn(this.client, [query], 'contacts.read', context)
    return new Map(
      readRecords(contactRow, rows, context).map((row) => [row.contactid.toLowerCase(), row]),
    )
  }
}

function timeOf(text: string | null | undefined): number | null {
  const ms = text ? Date.parse(text) : Number.NaN
  return Number.isNaN(ms) ? null : ms
}

/** Least uncertainty of a stamp. */
const MIN_EPS_MS = 2_000

/** A clock further off proves nothing. */
const MAX_OFFSET_MS = 5 * 60_000

/** Audit rows appear late: a younger change may still lack its row. */
const LATE_ROWS_MS = 15 * 60_000

/** Everything that judges a stamp. All times Unix ms. */
export interface StampEvidence {
  readonly contactId: string
  /** The newest audit entry that changed the toggle, and the value that it set. */
  readonly entry: AuditEntry
  readonly newValue: boolean
  /** The contact, read after the audit. */
  readonly presentValue: boolean | null
  readonly modifiedMs: number | null
  /** The server's clock when the audit was read, its offset from ours, and the round trip. */
  readonly auditReadAtMs: number
  readonly offsetMs: number
  readonly roundTripMs: number
  /** Our application user. Its writes are not a person's act. */
  readonly ownUserId: string | null
}

/** The history that the evidence proves, or null (docs/reconciliation.md, stamps). */
export function judgeStamp(evidence: StampEvidence): CrmFieldHistory | null {
  const { contactId, entry, newValue, ownUserId, offsetMs, roundTripMs } = evidence
  const byAPerson =
    ownUserId !== null && entry.userId !== null && entry.userId !== ownUserId.toLowerCase()
  const present = evidence.presentValue === newValue
  const clockUsable =
    Math.abs(offsetMs) <= MAX_OFFSET_MS && entry.createdMs <= evidence.auditReadAtMs + MIN_EPS_MS
  if (!byAPerson || !present || !clockUsable || !isSettled(evidence)) {
    return null
  }
  return {
    contactId,
    value: newValue ? 'deny' : 'allow',
    atMs: entry.createdMs,
    epsMs: Math.max(MIN_EPS_MS, Math.abs(offsetMs) + Math.ceil(roundTripMs / 2)),
    userId: entry.userId,
  }
}

/** Whether the audit cannot lack a change: the contact was last modified long ago, or by this very entry. */
function isSettled({ modifiedMs, auditReadAtMs, entry }: StampEvidence): boolean {
  if (modifiedMs === null) {
    return false
  }
  const sameSecond = Math.floor(modifiedMs / 1000) === Math.floor(entry.createdMs / 1000)
  return sameSecond || modifiedMs <= auditReadAtMs - LATE_ROWS_MS
}

/** The newest entry that changed a contact's toggle, and the new value. */
interface Flip {
  readonly contactId: string
  readonly entry: AuditEntry
  readonly newValue: boolean
}

const PURPOSE = { operation: 'POST /$batch (audit)', name: 'audit.read', effect: 'read' } as const

/**
 * Searches the audit of all contacts in parallel, newest first: one request for the entries and one per further depth.
 * Contacts without a readable change are absent.
 * @throws UpstreamError if the service asks to wait or does not answer.
 */
async function newestFlips(
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
