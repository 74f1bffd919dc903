import { ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import type { AlternateKey, ColumnType, JsonObject, Table } from '../store/schema.js'
import { checkLabel, refuseUnknown, requireSchemaName } from './check-definition.js'

const ALLOWED: readonly ColumnType[] = [
  'Decimal',
  'Integer',
  'String',
  'DateTime',
  'Lookup',
  'Picklist',
]
const MAX_KEYS = 10
const MAX_COLUMNS = 16
const MAX_BYTES = 900

/** Creates a key; its index becomes Active after some reads of its status (wire page, sections 8.3 and 16.5). */
export function createKey(context: Context, table: Table, body: JsonObject): AlternateKey {
  refuseUnknown(
    body,
    ['SchemaName', 'LogicalName', 'KeyAttributes', 'DisplayName'],
    'EntityKeyMetadata',
  )
  const schemaName = requireSchemaName(body)
  const logicalName = schemaName.toLowerCase()
  checkLabel(context, body, 'DisplayName', true)
  if (table.keys.has(logicalName)) {
    throw refused(`An alternate key with the name ${logicalName} already exists.`)
  }
  const given = body['KeyAttributes']
  const columns = Array.isArray(given) ? given.map(String) : []
  if (columns.length === 0 || columns.length > MAX_COLUMNS || table.keys.size >= MAX_KEYS) {
    throw refused('The number of keys or key columns is outside the limits.')
  }
  checkColumns(table, columns)
  const key: AlternateKey = {
    logicalName,
    schemaName,
    metadataId: crypto.randomUUID(),
    columns,
    definition: body,
    status: 'Pending',
    reads: 0,
    startedAtMs: context.org.clock.now(),
  }
  table.keys.set(logicalName, key)
  advanceKey(context, table, key)
  return key
}

/** Counts one read of the status, and advances the key when due. */
export function countKeyRead(context: Context, table: Table, key: AlternateKey): void {
  key.reads += 1
  advanceKey(context, table, key)
}

/** Restarts a failed key (`ReactivateEntityKey`). */
export function reactivateKey(context: Context, table: Table, key: AlternateKey): void {
  key.status = 'Pending'
  key.reads = 0
  key.startedAtMs = context.org.clock.now()
  advanceKey(context, table, key)
}

function advanceKey(context: Context, table: Table, key: AlternateKey): void {
  if (key.status === 'Active' || key.status === 'Failed') {
    return
  }
  const { clock, options, pace } = context.org
  const ready = clock.now() - key.startedAtMs >= pace.keyIndexMs()
  if (!ready || key.reads < options.keyActivationReads) {
    key.status = key.reads === 0 ? 'Pending' : 'InProgress'
    return
  }
  const rows = context.org.store.rows(table)
  const index = rows.addIndex(key.columns)
  for (const row of rows.all()) {
    if (index.size(key.columns.map((column) => row.values[column])) > 1) {
      key.status = 'Failed'
      return
    }
  }
  key.status = 'Active'
}

function checkColumns(table: Table, names: readonly string[]): void {
  let bytes = 0
  for (const name of names) {
    const column = table.columns.get(name)
    if (column === undefined || !ALLOWED.includes(column.type)) {
      throw refused(`The attribute ${name} cannot be part of a key of ${table.logicalName}.`)
    }
    bytes += column.type === 'String' ? 2 * (column.maxLength ?? 0) : 16
  }
  if (bytes > MAX_BYTES) {
    throw refused(`The key is larger than ${MAX_BYTES} bytes.`)
  }
}

function refused(message: string): ServiceError {
  return new ServiceError(400, '0x80060874', message)
}
