import { applyEdits, type Edit } from './edits.js'
import { type FormDocument, readForm, sectionLists } from './form-document.js'
import { FormShapeError, type XmlElement } from './xml-tree.js'
import { GRID, plain, SECTION, TAB } from './own-names.js'
import { isCurrent, ownParts, type OwnParts } from './own-parts.js'
import { descriptionXml, type SectionSpec, sectionXml, tabXml } from './section-xml.js'

/** Where our section goes when it is not there yet. */
export type Placement =
  | { readonly in: 'tab'; readonly tab: XmlElement }
  /** A tab "Details" of ours, behind the others. */
  | { readonly in: 'newTab' }

/** Parts of a form behind which its control descriptions stand (docs/wire-dataverse.md, 16.11). */
const BEFORE_DESCRIPTIONS = new Set(['tabs', 'header', 'footer'])

/**
 * The edits that put our section into a form, or bring an older one up to date where it stands, also where the customer
 * moved it. None where it is there and current: twice is once. Outside of these edits not a byte changes.
 *
 * @throws FormShapeError where the form gives no certain place.
 */
export function insertSection(
  form: FormDocument,
  place: Placement,
  spec: SectionSpec,
): readonly Edit[] {
  const own = ownParts(form)
  if (isCurrent(own, spec)) {
    return []
  }
  const edits: Edit[] = []
  edits.push(own.section === null ? newSection(form, own, place, spec) : swap(own.section, spec))
  const description = descriptionXml(spec)
  if (own.description !== null) {
    edits.push(
      description === null
        ? takeOut(form.xml, own.description, descriptionList(form), { mayBeNew: true })
        : { start: own.description.start, end: own.description.end, text: description },
    )
  } else if (description !== null) {
    edits.push(newDescription(form, description))
  }
  return edits
}

/** The edits that take our parts out again, and restore what was there before them; none where there are none. */
export function removeSection(form: FormDocument): readonly Edit[] {
  const own = ownParts(form)
  const edits: Edit[] = []
  if (own.tab !== null && onlyOurs(own.tab, own)) {
    edits.push({ start: own.tab.start, end: own.tab.end, text: '' })
  }
  if (own.section !== null && !edits.some((edit) => covers(edit, own.section))) {
    edits.push(takeOut(form.xml, own.section, listOf(form, own.section), { mayBeNew: false }))
  }
  if (own.description !== null) {
    edits.push(takeOut(form.xml, own.description, descriptionList(form), { mayBeNew: true }))
  }
  return edits
}

/**
 * Whether anything of ours is on a form. One that does not even name us is not read closer, however odd it is: it is none
 * of our business. @throws FormShapeError
 */
export function holdsOurs(xml: string): boolean {
  const text = xml.toLowerCase()
  const names = [SECTION.name, SECTION.id, GRID.uniqueId, TAB.id].map(plain)
  return names.some((name) => text.includes(name)) && removeSection(readForm(xml)).length > 0
}

/** A form's text without our parts: what others made of it. @throws FormShapeError */
export function withoutOurs(xml: string): string {
  return applyEdits(xml, removeSection(readForm(xml)))
}

function newSection(form: FormDocument, own: OwnParts, place: Placement, spec: SectionSpec): Edit {
  const tab = place.in === 'tab' ? place.tab : own.tab
  if (tab === null) {
    const last = form.tabs.at(-1)
    if (last === undefined) {
      throw new FormShapeError('it has no tab')
    }
    return { start: last.end, end: last.end, text: tabXml(spec) }
  }
  const lists = sectionLists(tab)
  const list = lists.find(({ selfClosing }) => !selfClosing) ?? lists[0]
  if (list === undefined) {
    throw new FormShapeError('the tab has no list of sections')
  }
  return addLast(form.xml, list, sectionXml(spec))
}

function swap(section: XmlElement, spec: SectionSpec): Edit {
  return { start: section.start, end: section.end, text: sectionXml(spec) }
}

function newDescription(form: FormDocument, description: string): Edit {
  if (form.descriptions !== null) {
    return addLast(form.xml, form.descriptions, description)
  }
  const before = form.root.children.filter(({ name }) => BEFORE_DESCRIPTIONS.has(name)).at(-1)
  if (before === undefined) {
    throw new FormShapeError('it has no element "tabs"')
  }
  return addNewList(before.end, 'controlDescriptions', description)
}

function descriptionList(form: FormDocument): XmlElement {
  if (form.descriptions === null) {
    throw new FormShapeError('it has no element "controlDescriptions"')
  }
  return form.descriptions
}

function listOf(form: FormDocument, section: XmlElement): XmlElement {
  const list = form.tabs.flatMap(sectionLists).find(({ children }) => children.includes(section))
  if (list === undefined) {
    throw new FormShapeError('our section is not in a list of sections')
  }
  return list
}

/** Whether the tab that we made holds nothing but what we made: somebody may have added to it. */
function onlyOurs(tab: XmlElement, own: OwnParts): boolean {
  return sectionLists(tab)
    .flatMap(({ children }) => children)
    .every((child) => child === own.section)
}

function covers(edit: Edit, element: XmlElement | null): boolean {
  return element !== null && edit.start <= element.start && element.end <= edit.end
}

/**
 * Adds an element to a list of elements, and takes it out such that the text before is restored. What the list was
 * before (there, empty as `<list/>`, or not at all) must be known for that without any memory beside the text, since a
 * run may be killed right after its change. So blanks between the list's start tag and our element tell it: none, the
 * list was there; one, it was `<list/>`; two, it was not there. Nobody else's blanks come to stand there by our adding,
 * as we add right behind a `>`.
 */
const WAS_EMPTY = ' '
const WAS_ABSENT = '  '

/** Behind the last element of the list; a list that closes itself is opened. */
function addLast(xml: string, list: XmlElement, added: string): Edit {
  if (list.selfClosing) {
    const slash = xml.lastIndexOf('/', list.end - 1)
    return { start: slash, end: list.end, text: `>${WAS_EMPTY}${added}</${list.name}>` }
  }
  const place = list.children.at(-1)?.end ?? list.contentStart
  return { start: place, end: place, text: added }
}

/** A list of its own, where there was none. */
function addNewList(place: number, name: string, added: string): Edit {
  return { start: place, end: place, text: `<${name}>${WAS_ABSENT}${added}</${name}>` }
}

/**
 * Takes out what was added, whatever was changed around it since. `mayBeNew`: only then can the list be one of
 * {@link addNewList} and go as well; a list that a form cannot do without never goes.
 */
function takeOut(
  xml: string,
  element: XmlElement,
  list: XmlElement,
  { mayBeNew }: { readonly mayBeNew: boolean },
): Edit {
  const before = xml.slice(list.contentStart, element.start)
  const alone = element.end === list.contentEnd
  if (alone && before === WAS_ABSENT && mayBeNew) {
    return { start: list.start, end: list.end, text: '' }
  }
  if (alone && before === WAS_EMPTY) {
    return { start: list.contentStart - 1, end: list.end, text: '/>' }
  }
  return { start: element.start, end: element.end, text: '' }
}
