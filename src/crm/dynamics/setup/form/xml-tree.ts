import { SaxesParser } from 'saxes'

/** An element and its place in the text. All places are offsets in UTF-16 units. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** Its own text without that of its children; entities and CDATA resolved. */
  readonly text: string
  /** Offset of its first `<`. */
  readonly start: number
  /** Offset after the `>` of its start tag. */
  readonly contentStart: number
  /** Offset of the `<` of its end tag; equals `end` if it is self-closing. */
  readonly contentEnd: number
  /** Offset after its last `>`. */
  readonly end: number
  /** Written as `<name/>`. */
  readonly selfClosing: boolean
}

type Growing = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: Growing[] }

/**
 * Parses a document only to locate its elements; the text stays as it is. Callers change it by cutting and joining the
 * text at these offsets, and never serialise the tree.
 *
 * @throws FormShapeError if it is not well formed, or has a document type.
 */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser()
  const stack: Growing[] = []
  let root: Growing | undefined
  // Neither a start tag's name nor an end tag can contain another `<`.
  const lastTagStart = () => text.lastIndexOf('<', parser.position - 1)
  parser.on('error', (error) => {
    throw new FormShapeError(`it is not well-formed XML (${positionOf(error)})`)
  })
  parser.on('doctype', () => {
    throw new FormShapeError('it has a document type')
  })
  parser.on('opentagstart', ({ name }) => {
    const element = growing(name, lastTagStart())
    stack.at(-1)?.children.push(element)
    root ??= element
    stack.push(element)
  })
  parser.on('opentag', ({ attributes, isSelfClosing }) => {
    const element = topOf(stack)
    element.attributes = attributes
    element.contentStart = parser.position
    element.selfClosing = isSelfClosing
  })
  parser.on('closetag', () => {
    const element = topOf(stack)
    element.end = parser.position
    element.contentEnd = element.selfClosing ? element.end : lastTagStart()
    stack.pop()
  })
  const addText = (part: string) => {
    const element = stack.at(-1)
    if (element !== undefined) {
      element.text += part
    }
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.write(text).close()
  if (root === undefined) {
    throw new FormShapeError('it is empty')
  }
  return root
}

/** The element and all its descendants, in document order. */
export function descendants(element: XmlElement): readonly XmlElement[] {
  const found: XmlElement[] = []
  const open = [element]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    found.push(next)
    open.push(...next.children.toReversed())
  }
  return found
}

/** Children with this name. */
export function childrenNamed(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name)
}

function growing(name: string, start: number): Growing {
  return {
    name,
    attributes: {},
    children: [],
    text: '',
    start,
    contentStart: start,
    contentEnd: start,
    end: start,
    selfClosing: false,
  }
}

function topOf(stack: readonly Growing[]): Growing {
  const top = stack.at(-1)
  if (top === undefined) {
    throw new FormShapeError('it is not well-formed XML')
  }
  return top
}

/** Line and column only, because the parser's message may quote the form. */
function positionOf(error: Error): string {
  return /^\d+:\d+/.exec(error.message)?.[0] ?? 'at its end'
}

/**
 * FormXML that is malformed or not built as documented. Nothing is changed; the step pauses (rule E2). Not retryable.
 * The reason contains no text of the form except element names.
 */
export class FormShapeError extends Error {
  override readonly name = 'FormShapeError'
}
