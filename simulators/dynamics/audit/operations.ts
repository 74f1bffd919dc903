import { propertyNames } from '../data/columns.js'
import { outValue } from '../data/serialize.js'
import { noSuchRow, ServiceError } from '../errors.js'
import { odata } from '../http/api-request.js'
import type { Operation } from '../http/operations.js'
import { parseLiteral } from '../odata/literal.js'
import type { Context } from '../organisation.js'
import { requireNamed } from '../privileges.js'
import type { Json, JsonObject } from '../store/schema.js'
import type { AuditDetail, AuditLog } from './audit-log.js'

/** Messages that read audited values. Histories of the Web API contain no `AuditRecord`: neither time nor user. */
export function auditOperations(log: AuditLog): Readonly<Record<string, Operation>> {
  return {
    'audit.RetrieveAuditDetails': {
      method: 'GET',
      run: ({ context, row }) => {
        const detail = row === undefined ? undefined : log.details.get(row.id)
        if (row === undefined || detail === undefined) {
          throw noSuchRow('audit', row?.id ?? '')
        }
        if (log.rules.hidden?.(row, context.org.clock.now()) === true) {
          throw noSuchRow('audit', row.id)
        }
        return odata({
          '@odata.context': `${context.root}$metadata#Microsoft.Dynamics.CRM.RetrieveAuditDetailsResponse`,
          AuditDetail: describe(context, detail, undefined),
        })
      },
    },
    RetrieveAttributeChangeHistory: {
      method: 'GET',
      run: ({ context, arguments: given }) => {
        requireNamed(context, 'prvReadRecordAuditHistory')
        const attribute = String(parseLiteral(given.get('AttributeLogicalName') ?? 'null').value)
        return history(context, log, given.get('Target'), attribute)
      },
    },
    RetrieveRecordChangeHistory: {
      method: 'GET',
      run: ({ context, arguments: given }) => {
        requireNamed(context, 'prvReadRecordAuditHistory')
        return history(context, log, given.get('Target'), undefined)
      },
    },
  }
}

function history(
  context: Context,
  log: AuditLog,
  target: string | undefined,
  attribute: string | undefined,
): ReturnType<typeof odata> {
  const found = /'?@odata\.id'?"?\s*:\s*['"]\/?(\w+)\(([^)]+)\)['"]/.exec(target ?? '')
  const id = found?.[2]?.toLowerCase()
  if (id === undefined) {
    throw new ServiceError(400, '0x80060888', "The parameter 'Target' is not an entity reference.")
  }
  const nowMs = context.org.clock.now()
  const rows = context.org.store.rows('audit')
  const details = (rows.index(['objectid'])?.find([id]) ?? [])
    .filter((row) => log.rules.hidden?.(row, nowMs) !== true)
    .sort((a, b) => b.seq - a.seq)
    .map((row) => log.details.get(row.id))
    .filter((detail): detail is AuditDetail => detail !== undefined)
    .filter((detail) => attribute === undefined || attribute in detail.new)
  return odata({
    '@odata.context': `${context.root}$metadata#Microsoft.Dynamics.CRM.RetrieveAttributeChangeHistoryResponse`,
    AuditDetailCollection: {
      MoreRecords: false,
      PagingCookie: '',
      TotalRecordCount: details.length,
      AuditDetails: details.map((detail) => describe(context, detail, attribute)),
    },
  })
}

function describe(context: Context, detail: AuditDetail, only: string | undefined): JsonObject {
  const table = context.org.store.table(detail.table)
  const side = (values: Readonly<Record<string, Json>>): JsonObject => {
    const out: JsonObject = { '@odata.type': `#Microsoft.Dynamics.CRM.${detail.table}` }
    for (const [name, value] of Object.entries(values)) {
      const column = table.columns.get(name)
      if (column !== undefined && value !== null && (only === undefined || only === name)) {
        out[propertyNames([column])] = outValue(column, value)
      }
    }
    return out
  }
  return {
    '@odata.type': '#Microsoft.Dynamics.CRM.AttributeAuditDetail',
    InvalidNewValueAttributes: [],
    LocLabelLanguageCode: 0,
    DeletedAttributes: { Count: 0, Keys: [], Values: [] },
    OldValue: side(detail.old),
    NewValue: side(detail.new),
  }
}
