import { CONTACT_RELATIONSHIP, SUBSCRIPTIONS_TABLE } from '../../names.js'
import type { FormDocument } from './form-document.js'
import { FormShapeError, childrenNamed, descendants, type XmlElement } from './xml-tree.js'
import { GRID, plain, SECTION, TAB } from './own-names.js'
import type { SectionSpec } from './section-xml.js'

/** Our parts of a form, wherever they are now; null for one that is absent. */
export interface OwnParts {
  readonly section: XmlElement | null
  readonly description: XmlElement | null
  /** The tab that we created (`createTab`). */
  readonly tab: XmlElement | null
}

/**
 * Finds our parts by id or name. @throws FormShapeError if one occurs twice, because it is not certain which is ours.
 */
export function ownParts(form: FormDocument): OwnParts {
  const section = only(
    form.sections.filter(({ attributes }) => isCalled(attributes, SECTION)),
    'our section',
  )
  const grid = section === null ? undefined : gridOf(section)
  const ids = [GRID.uniqueId, grid?.attributes['uniqueid']].map(plain).filter((id) => id !== '')
  const descriptions =
    form.descriptions === null ? [] : childrenNamed(form.descriptions, 'controlDescription')
  return {
    section,
    description: only(
      descriptions.filter(({ attributes }) => ids.includes(plain(attributes['forControl']))),
      'the control of our section',
    ),
    tab: only(
      form.tabs.filter(({ attributes }) => plain(attributes['id']) === plain(TAB.id)),
      'our tab',
    ),
  }
}

/**
 * Whether our section shows the right rows in the right view, editable where possible. Its place, label, height and all
 * else may have been changed by the customer, and stay.
 */
export function isCurrent({ section, description }: OwnParts, spec: SectionSpec): boolean {
  const grid = section === null ? undefined : gridOf(section)
  if (grid === undefined) {
    return false
  }
  const value = (name: string) =>
    descendants(grid)
      .find((element) => element.name === name)
      ?.text.trim() ?? ''
  return (
    plain(value('ViewId')) === plain(spec.viewId) &&
    value('RelationshipName') === CONTACT_RELATIONSHIP &&
    value('TargetEntityType') === SUBSCRIPTIONS_TABLE &&
    (spec.gridControl === null || (description !== null && showsView(description, spec.viewId)))
  )
}

function showsView(description: XmlElement, viewId: string): boolean {
  const views = descendants(description).filter(({ name }) => name === 'ViewId')
  return views.length > 0 && views.every(({ text }) => plain(text) === plain(viewId))
}

function gridOf(section: XmlElement): XmlElement | undefined {
  return descendants(section).find(
    ({ name, attributes }) =>
      name === 'control' && plain(attributes['id']) === plain(GRID.controlId),
  )
}

function isCalled(
  attributes: XmlElement['attributes'],
  names: { readonly id: string; readonly name: string },
): boolean {
  return (
    plain(attributes['id']) === plain(names.id) || plain(attributes['name']) === plain(names.name)
  )
}

function only(found: readonly XmlElement[], what: string): XmlElement | null {
  if (found.length > 1) {
    throw new FormShapeError(`${what} is there more than once`)
  }
  return found[0] ?? null
}
