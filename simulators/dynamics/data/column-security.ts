import { ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import type { Column, Json, Table } from '../store/schema.js'

/** The value that a caller sees; `undefined`: the property is left out. */
export function shownValue(context: Context, column: Column, value: Json): Json | undefined {
  const { security } = column
  if (!context.checked || security === undefined) {
    return value
  }
  if (!security.read) {
    return security.hiddenAs === 'absent' ? undefined : null
  }
  return security.mask !== null && typeof value === 'string' ? security.mask : value
}

/** Whether a filter may match a column's value. It must not if the caller may not read it. */
export function mayRead(context: Context, column: Column): boolean {
  return !context.checked || column.security?.read !== false
}

/** 403 for a secured column that the caller may not set. */
export function requireMaySet(
  context: Context,
  table: Table,
  names: readonly string[],
  verb: 'create' | 'update',
): void {
  const closed = names.find((name) => table.columns.get(name)?.security?.[verb] === false)
  if (!context.checked || closed === undefined) {
    return
  }
  throw verb === 'update'
    ? new ServiceError(
        403,
        '0x8004f507',
        "The user doesn't have AttributePrivilegeUpdate and not granted shared access for a secured attribute during update operation",
      )
    : new ServiceError(
        403,
        '0x8004f502',
        'The user does not have create permissions to a secured field. The requested operation could not be completed.',
      )
}
