import { ServiceError } from '../errors.js'
import type { Context, Organisation, TableRules } from '../organisation.js'
import type { Json, Row } from '../store/schema.js'
import { requireCustomizable } from './form-rules.js'
import { formLayers, formReferences } from './references.js'
import { descendants, parseXml, type XmlElement } from './xml.js'

/** Checks on views: XML, columns that exist, and every cell fetched (wire page, sections 10.4 and 16.10). */
export const viewRules: TableRules = {
  beforeCreate: (context, values) => checkView(context, values),
  beforeUpdate: (context, row, sent) => {
    requireCustomizable(row.values['iscustomizable'])
    if ('fetchxml' in sent || 'layoutxml' in sent) {
      checkView(context, { ...row.values, ...row.draft, ...sent })
    }
  },
  beforeDelete: (context, row) => {
    const users = formsUsingView(context.org, row.id)
    if (users.length > 0) {
      throw new ServiceError(
        400,
        '0x8004f01f',
        `The SavedQuery(${row.id}) component cannot be deleted because it is referenced by ${users.length} other components. For a list of referenced components, use the RetrieveDependenciesForDeleteRequest.`,
      )
    }
  },
}

/** Forms that name a view, in either layer. */
export function formsUsingView(org: Organisation, viewId: string): readonly Row[] {
  return [...org.store.rows('systemform').all()].filter((form) =>
    formLayers(form).some((xml) => formReferences(xml).viewIds.includes(viewId)),
  )
}

function checkView(context: Context, values: Readonly<Record<string, Json>>): void {
  const table = context.org.store.tables.get(String(values['returnedtypecode']))
  if (table === undefined) {
    throw invalid('returnedtypecode names no table.')
  }
  const fetch = parse(values['fetchxml'])
  const entity = fetch.children.find((child) => child.name === 'entity')
  if (fetch.name !== 'fetch' || entity?.attributes['name'] !== table.logicalName) {
    throw invalid('fetchxml is not about this table.')
  }
  const fetched = namesOf(entity.children, 'attribute')
  const unknown = fetched.find((name) => !table.columns.has(name))
  if (unknown !== undefined) {
    throw invalid(
      `'${table.logicalName}' entity doesn't contain attribute with Name = '${unknown}'.`,
    )
  }
  if (values['layoutxml'] === undefined || values['layoutxml'] === null) {
    return
  }
  const grid = parse(values['layoutxml'])
  if (grid.name !== 'grid' || grid.attributes['object'] !== String(table.objectTypeCode)) {
    throw invalid("layoutxml is a grid whose 'object' is the table's ObjectTypeCode.")
  }
  const cells = namesOf([...descendants(grid)], 'cell').filter((name) => !name.includes('.'))
  const unfetched = cells.find((name) => !fetched.includes(name))
  if (unfetched !== undefined) {
    throw invalid(`The column ${unfetched} of the layout is not fetched.`)
  }
}

function namesOf(elements: readonly XmlElement[], name: string): readonly string[] {
  return elements.filter((one) => one.name === name).map((one) => one.attributes['name'] ?? '')
}

function parse(xml: Json | undefined): XmlElement {
  try {
    return parseXml(String(xml))
  } catch (error) {
    throw invalid(String(error instanceof Error ? error.message : error))
  }
}

function invalid(detail: string): ServiceError {
  return new ServiceError(400, '0x80040216', `The view is not valid: ${detail}`)
}
