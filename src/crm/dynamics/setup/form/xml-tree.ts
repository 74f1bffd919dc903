import { SaxesParser } from 'saxes'

/** An element and where it stands in the text. All places are offsets into that very text, in UTF-16 units. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** What stands directly in it, entities and CDATA resolved. */
  readonly text: string
  /** Of its first `<`. */
  readonly start: number
  /** Behind the `>` of its start tag. */
  readonly contentStart: number
  /** Of the `<` of its end tag; where it closes itself, as `end`. */
  readonly contentEnd: number
  /** Behind its last `>`. */
  readonly end: number
  /** Written as `<name/>`. */
  readonly selfClosing: boolean
}

type Growing = { -readonly [K in keyof XmlElement]: XmlElement[K] } & { children: Growing[] }

/**
 * Reads a document without changing anything of it: a conforming parser finds the elements, and the text stays what it
 * was. So whoever changes it cuts and joins the text at these places, and never writes a tree out again.
 *
 * @throws FormShapeError when it is not well formed, or has a document type.
 */
export function parseXml(text: string): XmlElement {
  const parser = new SaxesParser()
  const stack: Growing[] = []
  let root: Growing | undefined
  // Neither a start tag's name nor an end tag can hold a further `<`.
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

/** The element itself and everything below it, in the order of the text. */
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

/** Line and column only: the parser's sentence may quote the form. */
function positionOf(error: Error): string {
  return /^\d+:\d+/.exec(error.message)?.[0] ?? 'at its end'
}

/**
 * FormXML that is malformed or not built as we know forms to be built. Nothing is changed then; the step that meets
 * it pauses (rule E2). Never retryable by itself. The reason holds no text of the form beyond element names.
 */
export class FormShapeError extends Error {
  override readonly name = 'FormShapeError'
}
