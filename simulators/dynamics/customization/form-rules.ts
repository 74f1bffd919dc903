import { ServiceError } from '../errors.js'
import type { Context, TableRules } from '../organisation.js'
import type { Json } from '../store/schema.js'
import { elementsNamed, formReferences, plainId } from './references.js'
import { parseXml, type XmlElement } from './xml.js'

/** Checks on forms: XML, unique ids, and that everything it names exists (wire page, sections 10 and 16.11). */
export const formRules: TableRules = {
  beforeCreate: (context, values) =>
    checkForm(context, values['formxml'], values['objecttypecode']),
  beforeUpdate: (context, row, sent) => {
    if ('formxml' in sent) {
      checkForm(context, sent['formxml'], row.values['objecttypecode'])
    }
    requireCustomizable(row.values['iscustomizable'])
  },
}

/** 400 0x8004f01e for a component that its owner has locked. */
export function requireCustomizable(value: Json | undefined): void {
  if (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    value['Value'] === false
  ) {
    throw new ServiceError(400, '0x8004f01e', 'This component is not customizable.')
  }
}

function checkForm(context: Context, xml: Json | undefined, tableName: Json | undefined): void {
  if (typeof xml !== 'string') {
    throw invalid('formxml is needed.')
  }
  let root: XmlElement
  try {
    root = parseXml(xml)
  } catch (error) {
    throw invalid(String(error instanceof Error ? error.message : error))
  }
  if (root.name !== 'form') {
    throw invalid("The root element is 'form'.")
  }
  checkIds(root)
  checkRowspans(root)
  checkDescriptions(root)
  checkReferences(context, xml, String(tableName))
}

function checkIds(root: XmlElement): void {
  const seen = new Set<string>()
  for (const name of ['tab', 'section', 'cell']) {
    for (const element of elementsNamed(root, name)) {
      const id = element.attributes['id']
      if (id !== undefined && !/^\{[0-9a-f-]{36}\}$/i.test(id)) {
        throw invalid(`The id of a ${name} is not a GUID in braces.`)
      }
      if (id !== undefined && seen.has(id.toLowerCase())) {
        throw invalid(`The id ${id} occurs twice.`)
      }
      seen.add(id?.toLowerCase() ?? '')
    }
  }
  const controls = elementsNamed(root, 'cell').flatMap((cell) =>
    cell.children.filter((child) => child.name === 'control').map((c) => c.attributes['id']),
  )
  if (new Set(controls).size !== controls.length) {
    throw invalid('The id of a control occurs twice.')
  }
}

/** A cell over several rows needs the rows it covers. */
function checkRowspans(root: XmlElement): void {
  for (const rows of elementsNamed(root, 'rows')) {
    rows.children.forEach((row, place) => {
      for (const cell of row.children) {
        const span = Number(cell.attributes['rowspan'] ?? 1)
        if (place + span > rows.children.length) {
          throw invalid('A rowspan reaches past the rows of its section.')
        }
      }
    })
  }
}

function checkDescriptions(root: XmlElement): void {
  const uniqueIds = elementsNamed(root, 'control').map((c) =>
    plainId(c.attributes['uniqueid'] ?? ''),
  )
  for (const description of elementsNamed(root, 'controlDescription')) {
    if (!uniqueIds.includes(plainId(description.attributes['forControl'] ?? ''))) {
      throw invalid('A controlDescription belongs to no control.')
    }
  }
}

function checkReferences(context: Context, xml: string, tableName: string): void {
  const { store } = context.org
  const references = formReferences(xml)
  const table = store.tables.get(tableName)
  const column = references.columns.find((name) => table?.columns.has(name) !== true)
  if (column !== undefined) {
    throw missing('Attribute', column)
  }
  const view = references.viewIds.find((id) => store.rows('savedquery').get(id) === undefined)
  if (view !== undefined) {
    throw missing('SavedQuery', view)
  }
  const relationship = references.relationships.find((name) => !store.relationships.has(name))
  if (relationship !== undefined) {
    throw missing('EntityRelationship', relationship)
  }
  const target = references.tables.find((name) => !store.tables.has(name))
  if (target !== undefined) {
    throw missing('Entity', target)
  }
  const known = [...store.rows('customcontrol').all()].map((row) => row.values['name'])
  const control = references.customControls.find((name) => !known.includes(name))
  if (control !== undefined) {
    throw missing('CustomControl', control)
  }
}

function invalid(detail: string): ServiceError {
  return new ServiceError(400, '0x80040216', `The FormXml failed schema validation: ${detail}`)
}

function missing(kind: string, id: string): ServiceError {
  return new ServiceError(
    400,
    '0x8004f036',
    `The dependent component ${kind} (Id=${id}) does not exist.  Failure trying to associate it with SystemForm as a dependency. Missing dependency lookup type = PrimaryKeyLookup.`,
  )
}
