import { z } from 'zod'
import { jsonOrUndefined, MAX_ROWS, rowsUpTo, SMALL_ANSWER } from '../../../http/index.js'
import type { BatchPart } from '../wire/batch-decode.js'
import type { BatchRequest } from '../wire/batch-encode.js'
import { API_ROOT } from '../client.js'
import { queryString } from '../wire/odata.js'

const page = z.object({
  value: rowsUpTo(
    MAX_ROWS,
    z.object({
      auditid: z.guid(),
      createdon: z.iso.datetime({ offset: true }),
      _userid_value: z.string().nullish(),
    }),
  ),
})

/** One entry of the audit: that a contact was updated, when and by whom; not yet what. */
export interface AuditEntry {
  readonly auditId: string
  readonly createdMs: number
  readonly userId: string | null
}

/** Entries looked at per contact: an address book import may stand above the flip, a whole history is not read. */
export const MAX_ENTRIES = 10

/** Asks for the newest updates of one contact. `createdon` has whole seconds. */
export function entriesRequest(contactId: string): BatchRequest {
  const query = queryString({
    select: ['auditid', 'createdon', '_userid_value', '_objectid_value', 'operation', 'action'],
    filter: `objecttypecode eq 'contact' and operation eq 2 and _objectid_value eq ${contactId}`,
    orderby: 'createdon desc',
    top: MAX_ENTRIES,
  })
  return { method: 'GET', path: `${API_ROOT}audits${query}` }
}

/** Reads the entries, newest first; null where the audit cannot be read. */
export function readEntries(part: BatchPart): AuditEntry[] | null {
  const parsed = page.safeParse(json(part))
  if (!parsed.success) {
    return null
  }
  return parsed.data.value
    .map((row) => ({
      auditId: row.auditid,
      createdMs: Date.parse(row.createdon),
      userId: row._userid_value?.toLowerCase() ?? null,
    }))
    .sort((a, b) => b.createdMs - a.createdMs)
}

/** Asks what one entry changed. */
export function detailRequest(entry: AuditEntry): BatchRequest {
  const path = `audits(${entry.auditId})/Microsoft.Dynamics.CRM.RetrieveAuditDetails`
  return { method: 'GET', path: API_ROOT + path }
}

const values = z.looseObject({ donotbulkemail: z.boolean().nullish() })
const detail = z.object({
  AuditDetail: z.looseObject({
    '@odata.type': z.string(),
    OldValue: values.nullish(),
    NewValue: values.nullish(),
  }),
})

/**
 * What an entry says of the toggle: its new value, `untouched` where it is about something else, null where it cannot
 * be read or says that the value went.
 */
export function readDetail(part: BatchPart): boolean | 'untouched' | null {
  const parsed = detail.safeParse(json(part))
  if (!parsed.success) {
    return null
  }
  const { '@odata.type': type, OldValue: before, NewValue: after } = parsed.data.AuditDetail
  if (!type.endsWith('.AttributeAuditDetail')) {
    return 'untouched'
  }
  const named = [before, after].some(
    (side) => side !== undefined && side !== null && 'donotbulkemail' in side,
  )
  return named ? (after?.donotbulkemail ?? null) : 'untouched'
}

function json(part: BatchPart): unknown {
  return part.status === 200
    ? jsonOrUndefined(part.body.toString('utf8'), SMALL_ANSWER.elements)
    : null
}
