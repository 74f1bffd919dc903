import {
  FormShapeError,
  childrenNamed,
  descendants,
  parseXml,
  type XmlElement,
} from './xml-tree.js'

/** A parsed form: its text, and the parts needed here. */
export interface FormDocument {
  readonly xml: string
  readonly root: XmlElement
  readonly tabs: readonly XmlElement[]
  /** Every section of every tab. */
  readonly sections: readonly XmlElement[]
  /** `controlDescriptions`; null if the form has none. */
  readonly descriptions: XmlElement | null
}

/**
 * Parses a form (docs/wire-dataverse.md, 10.2).
 *
 * @throws FormShapeError if it is malformed, or is not a form with tabs as documented.
 */
export function readForm(xml: string): FormDocument {
  const root = parseXml(xml)
  if (root.name !== 'form') {
    throw new FormShapeError('its root element is not "form"')
  }
  const tabLists = childrenNamed(root, 'tabs')
  const [tabList] = tabLists
  if (tabList === undefined || tabLists.length > 1) {
    throw new FormShapeError('it has not exactly one element "tabs"')
  }
  const tabs = childrenNamed(tabList, 'tab')
  if (tabs.length === 0) {
    throw new FormShapeError('it has no tab')
  }
  const descriptionLists = childrenNamed(root, 'controlDescriptions')
  if (descriptionLists.length > 1) {
    throw new FormShapeError('it has "controlDescriptions" more than once')
  }
  return {
    xml,
    root,
    tabs,
    sections: tabs.flatMap((tab) => descendants(tab).filter(({ name }) => name === 'section')),
    descriptions: descriptionLists[0] ?? null,
  }
}

/** The section lists of a tab, one per column. */
export function sectionLists(tab: XmlElement): readonly XmlElement[] {
  return childrenNamed(tab, 'columns')
    .flatMap((columns) => childrenNamed(columns, 'column'))
    .flatMap((column) => childrenNamed(column, 'sections'))
}
