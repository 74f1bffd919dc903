import { z } from 'zod'
import {
  type Answer,
  answer,
  type CallContext,
  jsonOrUndefined,
  MAX_ROWS,
  part,
  readRecords,
  rowsUpTo,
  SMALL_ANSWER,
} from '../../../http/index.js'
import type { BatchPart } from '../wire/batch-decode.js'
import type { BatchRequest } from '../wire/batch-encode.js'
import { API_ROOT, type DataverseClient } from '../client.js'
import { queryString } from '../wire/odata.js'

/** An unreadable entry may be the newest one, so it makes the contact's history unknown. */
const entryPage = answer(
  { name: 'dynamics.audit', operation: 'GET /audits', lossUnit: 'record' },
  part({
    value: rowsUpTo(
      MAX_ROWS,
      part({
        auditid: z.guid(),
        createdon: z.iso.datetime({ offset: true }),
        _userid_value: z.string().nullish().catch(null),
      }),
    ),
  }),
)

/** An entry of the audit: a contact was updated, when and by whom; the change itself is a further request. */
export interface AuditEntry {
  readonly auditId: string
  readonly createdMs: number
  readonly userId: string | null
}

/**
 * Most entries read per contact: an address book import may follow the change, but the complete history is not read.
 */
export const MAX_ENTRIES = 10

/** Requests the newest updates of one contact. `createdon` is in full seconds. */
export function entriesRequest(contactId: string): BatchRequest {
  const query = queryString({
    select: ['auditid', 'createdon', '_userid_value', '_objectid_value', 'operation', 'action'],
    filter: `objecttypecode eq 'contact' and operation eq 2 and _objectid_value eq ${contactId}`,
    orderby: 'createdon desc',
    top: MAX_ENTRIES,
  })
  return { method: 'GET', path: `${API_ROOT}audits${query}` }
}

/** Reads the entries, newest first; null if the audit cannot be read. */
export function readEntries(given: BatchPart, context: CallContext): AuditEntry[] | null {
  const page = read(entryPage, given, context)
  if (page === null) {
    return null
  }
  return page.value
    .map((row) => ({
      auditId: row.auditid,
      createdMs: Date.parse(row.createdon),
      userId: row._userid_value?.toLowerCase() ?? null,
    }))
    .sort((a, b) => b.createdMs - a.createdMs)
}

/** Requests the changes of one entry. */
export function detailRequest(entry: AuditEntry): BatchRequest {
  const path = `audits(${entry.auditId})/Microsoft.Dynamics.CRM.RetrieveAuditDetails`
  return { method: 'GET', path: API_ROOT + path }
}

const values = part({ donotbulkemail: z.boolean().nullish() }).nullish()
const detail = answer(
  {
    name: 'dynamics.auditDetail',
    operation: 'GET /audits({id})/RetrieveAuditDetails',
    lossUnit: 'record',
  },
  part({ AuditDetail: part({ '@odata.type': z.string(), OldValue: values, NewValue: values }) }),
)

/**
 * The toggle in an entry: its new value, `untouched` if the entry concerns something else, null if it is unreadable or
 * the value was removed.
 */
export function readDetail(given: BatchPart, context: CallContext): boolean | 'untouched' | null {
  const entry = read(detail, given, context)
  if (entry === null) {
    return null
  }
  const { '@odata.type': type, OldValue: before, NewValue: after } = entry.AuditDetail
  if (!type.endsWith('.AttributeAuditDetail')) {
    return 'untouched'
  }
  const named = [before, after].some(
    (side) => side !== undefined && side !== null && 'donotbulkemail' in side,
  )
  return named ? (after?.donotbulkemail ?? null) : 'untouched'
}

function read<S extends z.ZodType>(
  from: Answer<S>,
  { status, body }: BatchPart,
  context: CallContext,
): z.output<S> | null {
  const value = jsonOrUndefined(body.toString('utf8'), SMALL_ANSWER.elements)
  return status === 200 ? (readRecords(from, [value], context)[0] ?? null) : null
}

const organization = answer(
  { name: 'dynamics.auditedOrganization', operation: 'GET /organizations', lossUnit: 'record' },
  part({ isauditenabled: z.boolean().nullish().catch(null) }),
)
const auditable = answer(
  { name: 'dynamics.auditable', operation: 'GET /EntityDefinitions(contact)', lossUnit: 'call' },
  part({ IsAuditEnabled: part({ Value: z.boolean() }).nullish().catch(null) }),
)

const TABLE = "EntityDefinitions(LogicalName='contact')"

/**
 * Whether changes of the toggle are audited: organisation, table and column must all be switched on
 * (docs/wire-dataverse.md, 13). Only checks; switching it on is the customer's decision.
 * @throws UpstreamError
 */
export async function isAuditOn(client: DataverseClient, context: CallContext): Promise<boolean> {
  const [own] = await client.rows(
    {
      method: 'GET',
      path: `organizations${queryString({ select: ['isauditenabled'] })}`,
      operation: organization.operation,
      name: 'audit.isOn',
      effect: 'read',
    },
    organization,
    context,
  )
  if (own?.isauditenabled !== true) {
    return false
  }
  const column = `${TABLE}/Attributes(LogicalName='donotbulkemail')`
  return (await isOn(client, TABLE, context)) && (await isOn(client, column, context))
}

async function isOn(client: DataverseClient, path: string, context: CallContext) {
  const { body } = await client.json(
    {
      method: 'GET',
      path: path + queryString({ select: ['IsAuditEnabled'] }),
      operation: auditable.operation,
      name: 'audit.isOn',
      effect: 'read',
    },
    auditable,
    context,
  )
  return body.IsAuditEnabled?.Value === true
}
