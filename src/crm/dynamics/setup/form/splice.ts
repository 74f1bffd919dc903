import { type FormDocument, readForm, sectionLists } from './form-document.js'
import { FormShapeError, type XmlElement } from './xml-tree.js'
import { GRID, plain, SECTION, TAB } from './own-names.js'
import { isCurrent, ownParts, type OwnParts } from './own-parts.js'
import { descriptionXml, type SectionSpec, sectionXml, tabXml } from './section-xml.js'

/** Where our section is inserted if the form does not have it yet. */
export type Placement =
  | { readonly in: 'tab'; readonly tab: XmlElement }
  /** Our own tab "Details", after the others. */
  | { readonly in: 'newTab' }

/** The parts of a form that come before its control descriptions (docs/wire-dataverse.md, 16.11). */
const BEFORE_DESCRIPTIONS = new Set(['tabs', 'header', 'footer'])

/**
 * The edits that insert our section into a form, or update an older one in its present place, even if the customer
 * moved it. Empty if the section is there and current, so that a repeated run changes nothing. No byte outside the
 * edits changes.
 *
 * @throws FormShapeError if the form has no certain place for it.
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

/**
 * The edits that remove our parts and restore the text from before them; empty if there are none. @throws
 * FormShapeError
 */
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
 * Whether a form contains a part of ours. A form without our names or ids is not parsed, so an odd one causes no error.
 * @throws FormShapeError
 */
export function holdsOurs(xml: string): boolean {
  const text = xml.toLowerCase()
  const names = [SECTION.name, SECTION.id, GRID.uniqueId, TAB.id].map(plain)
  return names.some((name) => text.includes(name)) && removeSection(readForm(xml)).length > 0
}

/** A form's text without our parts, as others wrote it. @throws FormShapeError */
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

/** Whether the tab that we created contains only our section: somebody may have added to it. */
function onlyOurs(tab: XmlElement, own: OwnParts): boolean {
  return sectionLists(tab)
    .flatMap(({ children }) => children)
    .every((child) => child === own.section)
}

function covers(edit: Edit, element: XmlElement | null): boolean {
  return element !== null && edit.start <= element.start && element.end <= edit.end
}

/**
 * The whitespace between a list's start tag and our element records what the list was before we added the element:
 * none, the list had a start and an end tag; one space, it was `<list/>`; two, it did not exist. Removal restores the
 * text from that alone, because a run may be killed right after its change, before anything is stored. Nobody else's
 * whitespace can precede our element, because we insert it directly after a `>`.
 */
const WAS_EMPTY = ' '
const WAS_ABSENT = '  '

/** Adds after the last element of the list. A self-closing list is opened. */
function addLast(xml: string, list: XmlElement, added: string): Edit {
  if (list.selfClosing) {
    const slash = xml.lastIndexOf('/', list.end - 1)
    return { start: slash, end: list.end, text: `>${WAS_EMPTY}${added}</${list.name}>` }
  }
  const place = list.children.at(-1)?.end ?? list.contentStart
  return { start: place, end: place, text: added }
}

/** Adds the element in a new list. */
function addNewList(place: number, name: string, added: string): Edit {
  return { start: place, end: place, text: `<${name}>${WAS_ABSENT}${added}</${name}>` }
}

/**
 * Removes an added element, even if others changed the text around it since. Only with `mayBeNew` can the list come
 * from {@link addNewList} and be removed too; a list that a form needs always stays.
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

/** A part of the text to replace, by offsets in UTF-16 units; an insertion if `start` equals `end`. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Applies the edits, which must not overlap. The rest of the text stays unchanged. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let place = 0
  for (const edit of inOrder(edits)) {
    result += text.slice(place, edit.start) + edit.text
    place = edit.end
  }
  return result + text.slice(place)
}

/** The edits in the order of the text. */
export function inOrder(edits: readonly Edit[]): readonly Edit[] {
  return edits.toSorted((a, b) => a.start - b.start)
}
