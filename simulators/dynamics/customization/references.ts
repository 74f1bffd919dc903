import type { Row } from '../store/schema.js'
import { descendants, parseXml, type XmlElement } from './xml.js'

/** Components that the XML of a form or view refers to. Ids are lower-case, without braces. */
export interface FormReferences {
  readonly columns: readonly string[]
  readonly viewIds: readonly string[]
  readonly relationships: readonly string[]
  readonly tables: readonly string[]
  readonly customControls: readonly string[]
}

/** Reads the references of a form; malformed XML throws a plain `Error`. */
export function formReferences(formxml: string): FormReferences {
  const all = [...descendants(parseXml(formxml))]
  const texts = (name: string): string[] =>
    all.filter((element) => element.name === name).map((element) => element.text.trim())
  const attribute = (name: string, element: string): string[] =>
    all
      .filter((one) => one.name === element)
      .map((one) => one.attributes[name] ?? '')
      .filter((value) => value !== '')
  return {
    columns: attribute('datafieldname', 'control'),
    viewIds: [...texts('ViewId'), ...texts('FilteredViewIds').flatMap((ids) => ids.split(','))]
      .map(plainId)
      .filter((id) => id !== ''),
    relationships: texts('RelationshipName').filter((name) => name !== ''),
    tables: texts('TargetEntityType').filter((name) => name !== ''),
    customControls: attribute('name', 'customControl'),
  }
}

/** Both layers of a form count for dependencies, published and draft (wire page, section 16.14). */
export function formLayers(row: Row): readonly string[] {
  return [row.values['formxml'], row.draft?.['formxml']].filter(
    (xml): xml is string => typeof xml === 'string',
  )
}

/** An id in comparable form: without braces, lower-case. */
export function plainId(text: string): string {
  return text.replace(/[{}]/g, '').trim().toLowerCase()
}

/** Elements with this name below an element. */
export function elementsNamed(root: XmlElement, name: string): readonly XmlElement[] {
  return [...descendants(root)].filter((element) => element.name === name)
}
