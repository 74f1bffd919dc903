import { ServiceError } from './errors.js'
import type { Context } from './organisation.js'
import type { Table } from './store/schema.js'

/** What a privilege permits on a table. */
export type Verb = 'Create' | 'Read' | 'Write' | 'Delete' | 'Append' | 'AppendTo'

/** The six privileges of an organisation-owned table (wire page, section 16.13). */
export const TABLE_VERBS: readonly Verb[] = [
  'Create',
  'Read',
  'Write',
  'Delete',
  'Append',
  'AppendTo',
]

/** Privileges outside tables of rows. */
export const OTHER_PRIVILEGES: readonly string[] = [
  ...['Entity', 'Attribute', 'Relationship'].flatMap((what) =>
    ['Create', 'Read', 'Write', 'Delete'].map((verb) => `prv${verb}${what}`),
  ),
  'prvReadCustomization',
  'prvWriteCustomization',
  'prvPublishCustomization',
  'prvReadAuditSummary',
  'prvReadRecordAuditHistory',
]

/** Names that do not follow `prv` + verb + schema name. */
const NAMES: Readonly<Record<string, string>> = {
  savedquery: 'Query',
  sdkmessagefilter: 'SdkMessage',
  sdkmessageprocessingstepimage: 'SdkMessageProcessingStepImage',
  systemuser: 'User',
}

/** Tables that everyone may read. They have no privilege of their own. */
const OPEN = new Set(['customcontrol', 'solutioncomponent', 'privilege', 'attributemaskingrule'])

/** The privilege for a verb on a table, e.g. `prvReadContact`; undefined if none is required. */
export function privilegeName(verb: Verb, table: Table): string | undefined {
  if (OPEN.has(table.logicalName)) {
    return undefined
  }
  if (table.logicalName === 'audit') {
    return 'prvReadAuditSummary'
  }
  return `prv${verb}${NAMES[table.logicalName] ?? table.schemaName}`
}

/** Throws 403 0x80040220 unless the caller may do this to rows of the table. */
export function requireOnTable(
  context: Context,
  verb: Verb,
  table: Table,
  minimum: 'any' | 'Global' = 'any',
): void {
  const name = privilegeName(verb, table)
  if (name !== undefined) {
    requireNamed(
      context,
      name,
      `OTC=${table.objectTypeCode} for entity '${table.logicalName}'`,
      minimum,
    )
  }
}

/** Throws 403 0x80040220 unless the caller has this privilege. */
export function requireNamed(
  context: Context,
  name: string,
  on = 'OTC=0',
  minimum: 'any' | 'Global' = 'any',
): void {
  const depth = context.org.privileges.depth(name)
  if (context.checked && (depth === undefined || (minimum === 'Global' && depth !== 'Global'))) {
    throw new ServiceError(
      403,
      '0x80040220',
      `Principal user (Id=${context.userId}, type=8, roleCount=1, privilegeCount=36, accessMode=4), is missing ${name} privilege on ${on}. context.Caller=${context.userId}`,
    )
  }
}
