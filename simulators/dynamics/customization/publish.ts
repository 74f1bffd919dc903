import { ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import type { Row } from '../store/schema.js'
import { parseXml, type XmlElement } from './xml.js'

/** Publishes the drafts of the tables named in a `ParameterXml` (wire page, section 9.6). */
export function publishXml(context: Context, parameterXml: unknown): void {
  let root: XmlElement
  try {
    root = parseXml(String(parameterXml))
  } catch {
    throw new ServiceError(400, '0x80040216', 'The ParameterXml is not well formed.')
  }
  if (root.name !== 'importexportxml') {
    throw new ServiceError(400, '0x80040216', "The root of the ParameterXml is 'importexportxml'.")
  }
  const names = root.children
    .filter((child) => child.name === 'entities')
    .flatMap((child) => child.children.map((entity) => entity.text.trim()))
  const unknown = names.find((name) => !context.org.store.tables.has(name))
  if (unknown !== undefined) {
    throw new ServiceError(
      400,
      '0x80041102',
      `The entity with a name = '${unknown}' was not found in the MetadataCache.`,
    )
  }
  publishTables(context, (table) => names.includes(table))
}

/** Moves drafts of forms and views into the published layer, and lets change tracking take effect. */
export function publishTables(context: Context, wanted: (table: string) => boolean): void {
  const { store } = context.org
  context.org.publishCount += 1
  for (const table of store.tables.values()) {
    table.changeTrackingLive ||= table.changeTracking && wanted(table.logicalName)
  }
  for (const [kind, column] of [
    ['systemform', 'objecttypecode'],
    ['savedquery', 'returnedtypecode'],
  ] as const) {
    const table = store.table(kind)
    const drafts = [...store.rows(table).all()].filter(
      (row) => row.draft !== undefined && wanted(String(row.values[column])),
    )
    for (const row of drafts) {
      const draft = row.draft ?? {}
      delete row.draft
      store.update(table, row, { ...row.values, ...draft, modifiedon: context.org.clock.now() })
    }
  }
}

/** A form or view as its unpublished layer shows it: the draft's values over the published ones. */
export function unpublished(row: Row): Row {
  return { ...row, values: { ...row.values, ...row.draft } }
}
