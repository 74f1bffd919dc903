import { z } from 'zod'
import {
  answer,
  type CallContext,
  entries,
  part,
  readRecords,
  ifAvailable,
} from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { queryString, stringLiteral } from '../wire/odata.js'
import { allRows } from './pages.js'
import { anyRow } from './rows.js'

/** How the sync uses a column. */
export type ColumnUse = 'read' | 'write' | 'create'

/** A table and the use of its columns, by property name as in rows (`_em_contact_value`). */
export interface TableUse {
  readonly table: string
  readonly setName: string
  readonly columns: Readonly<Record<string, readonly ColumnUse[]>>
}

/** A column that we cannot use as the sync must. */
export interface ClosedColumn {
  /** `contact.emailaddress1`. */
  readonly column: string
  /** `masked`: readable, but as stars. */
  readonly lacks: ColumnUse | 'masked'
}

/** Rows of a sample, if only reading shows whether a secured column is readable. */
const SAMPLE_ROWS = 50

/** A value of `field_security_permission_type`: allowed. */
const ALLOWED = 4

/** Requested for secured columns: a column counts as secured unless its definition states that it is not. */
const securedColumn = answer(
  {
    name: 'dynamics.securedColumn',
    operation: 'GET /EntityDefinitions/Attributes',
    lossUnit: 'record',
  },
  part({
    LogicalName: z.string(),
    MetadataId: z.string().catch(''),
    IsSecured: z.unknown().optional(),
  }),
)

const RIGHTS = 'GET /systemusers({id})/RetrievePrincipalAttributePrivileges'
const rights = answer(
  { name: 'dynamics.columnRights', operation: RIGHTS, lossUnit: 'call' },
  part({ AttributePrivileges: entries }),
)
const number = z.number().nullish().catch(null)
const columnRight = answer(
  { name: 'dynamics.columnRight', operation: RIGHTS, lossUnit: 'record' },
  part({ AttributeId: z.string(), CanRead: number, CanUpdate: number, CanCreate: number }),
)

type Rights = Readonly<Record<ColumnUse, boolean>>

/**
 * The columns that column-level security closes to us. A secured value is left out like null (docs/wire-dataverse.md,
 * 12). So the definitions are read, and the user's profiles only if one of our columns is secured. A user without a
 * profile may still read everything, for example an administrator: then a sample decides.
 * @returns none if the definitions are not readable. @throws UpstreamError
 */
export async function closedColumns(
  client: DataverseClient,
  use: TableUse,
  userIdOf: () => Promise<string>,
  context: CallContext,
): Promise<readonly ClosedColumn[]> {
  const ids = await securedColumns(client, use.table, context)
  const ours = Object.entries(use.columns).flatMap(([property, uses]) => {
    const name = logicalName(property)
    const id = ids.get(name)
    return id === undefined ? [] : [{ property, name, id, uses }]
  })
  if (ours.length === 0) {
    return []
  }
  const held = await attributeRights(client, await userIdOf(), context)
  const masked = await maskedColumns(client, use.table, context)
  const unnamed = ours.filter(({ id }) => !held.has(id)).map(({ property }) => property)
  const readable = await readableBySample(client, use.setName, unnamed, context)
  return ours.flatMap(({ property, name, id, uses }) => {
    const column = `${use.table}.${name}`
    const mine = held.get(id)
    const lacking = uses.filter((one) =>
      mine === undefined ? !readable.has(property) : !mine[one],
    )
    return [
      ...lacking.map((lacks) => ({ column, lacks })),
      ...(masked.has(name) ? [{ column, lacks: 'masked' as const }] : []),
    ]
  })
}

/** For people: `contact.emailaddress1 (read, masked)`. */
export function closedInWords(closed: readonly ClosedColumn[]): readonly string[] {
  const lacking = new Map<string, string[]>()
  for (const { column, lacks } of closed) {
    lacking.set(column, [...(lacking.get(column) ?? []), lacks])
  }
  return [...lacking].map(([column, lacks]) => `${column} (${lacks.join(', ')})`)
}

/** Ids of the secured columns, by logical name. */
async function securedColumns(
  client: DataverseClient,
  table: string,
  context: CallContext,
): Promise<ReadonlyMap<string, string>> {
  const query = queryString({
    select: ['LogicalName', 'MetadataId', 'IsSecured'],
    filter: 'IsSecured eq true',
  })
  const path = `EntityDefinitions(LogicalName=${stringLiteral(table)})/Attributes${query}`
  const { operation } = securedColumn
  const rows = await ifAvailable(client.rows({ ...LOOK, path, operation }, securedColumn, context))
  const columns = (rows ?? []).filter((column) => column.IsSecured !== false)
  return new Map(columns.map((column) => [column.LogicalName, column.MetadataId.toLowerCase()]))
}

/** What the user's column security profiles allow, by column id; columns without an entry are absent. */
async function attributeRights(
  client: DataverseClient,
  userId: string,
  context: CallContext,
): Promise<ReadonlyMap<string, Rights>> {
  const path = `systemusers(${userId})/Microsoft.Dynamics.CRM.RetrievePrincipalAttributePrivileges()`
  const response = await ifAvailable(
    client.json({ ...LOOK, path, operation: RIGHTS }, rights, context),
  )
  const held = readRecords(columnRight, response?.body.AttributePrivileges ?? [], context)
  return new Map(
    held.map((one) => [
      one.AttributeId.toLowerCase(),
      {
        read: one.CanRead === ALLOWED,
        write: one.CanUpdate === ALLOWED,
        create: one.CanCreate === ALLOWED,
      },
    ]),
  )
}

/** Columns with a masking rule: without the separate right to unmask, values come masked. */
async function maskedColumns(
  client: DataverseClient,
  table: string,
  context: CallContext,
): Promise<ReadonlySet<unknown>> {
  const select = ['attributelogicalname']
  const filter = `entityname eq ${stringLiteral(table)}`
  const listing = { setName: 'attributemaskingrules', select, filter, name: LOOK.name }
  const rows = await ifAvailable(allRows(client, listing, context))
  return new Set((rows ?? []).map((row) => row['attributelogicalname']))
}

async function readableBySample(
  client: DataverseClient,
  setName: string,
  properties: readonly string[],
  context: CallContext,
): Promise<ReadonlySet<string>> {
  if (properties.length === 0) {
    return new Set()
  }
  const path = setName + queryString({ select: properties, top: SAMPLE_ROWS })
  const operation = `GET /${setName}`
  const sample = await client.rows({ ...LOOK, path, operation }, anyRow, context)
  return new Set(properties.filter((name) => sample.some((row) => (row[name] ?? null) !== null)))
}

function logicalName(property: string): string {
  return /^_(.+)_value$/.exec(property)?.[1] ?? property
}

const LOOK = { method: 'GET', name: 'columns.check', effect: 'read' } as const
