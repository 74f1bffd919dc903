import type { Edit } from './edits.js'
import type { XmlElement } from './xml-tree.js'

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
export function addLast(xml: string, list: XmlElement, added: string): Edit {
  if (list.selfClosing) {
    const slash = xml.lastIndexOf('/', list.end - 1)
    return { start: slash, end: list.end, text: `>${WAS_EMPTY}${added}</${list.name}>` }
  }
  const place = list.children.at(-1)?.end ?? list.contentStart
  return { start: place, end: place, text: added }
}

/** A list of its own, where there was none. */
export function addNewList(place: number, name: string, added: string): Edit {
  return { start: place, end: place, text: `<${name}>${WAS_ABSENT}${added}</${name}>` }
}

/**
 * Takes out what was added, whatever was changed around it since. `mayBeNew`: only then can the list be one of
 * {@link addNewList} and go as well; a list that a form cannot do without never goes.
 */
export function takeOut(
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
