/** One element: name, attributes, children, and its direct `text`. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  readonly text: string
}

const TOKEN =
  /<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[([^]*?)\]\]>|<(\/)?([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/)?>|[^<]+/y
const ATTRIBUTE = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g

interface Open {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: XmlElement[]
  text: string
}

/** Parses a well-formed document; throws a plain `Error` with the location of a fault. */
export function parseXml(xml: string): XmlElement {
  const root: Open = { name: '', attributes: {}, children: [], text: '' }
  const stack: Open[] = [root]
  let position = 0
  while (position < xml.length) {
    TOKEN.lastIndex = position
    const found = TOKEN.exec(xml)
    if (found === null) {
      throw new Error(`malformed markup at ${position}`)
    }
    position = TOKEN.lastIndex
    const [token, verbatim, closing, name, attributes = '', empty] = found
    const top = stack.at(-1) ?? root
    if (name === undefined) {
      top.text += verbatim ?? (token.startsWith('<') ? '' : token)
    } else if (closing !== undefined) {
      if (stack.length < 2 || top.name !== name) {
        throw new Error(`unexpected end tag at ${position}`)
      }
      stack.pop()
    } else {
      const element: Open = { name, attributes: readAttributes(attributes), children: [], text: '' }
      top.children.push(element)
      if (empty === undefined) {
        stack.push(element)
      }
    }
  }
  const [document] = root.children
  if (stack.length !== 1 || root.children.length !== 1 || document === undefined) {
    throw new Error('one closed root element is needed')
  }
  return document
}

/** The element itself and everything below it. */
export function* descendants(element: XmlElement): Generator<XmlElement> {
  yield element
  for (const child of element.children) {
    yield* descendants(child)
  }
}

function readAttributes(text: string): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {}
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    if (name in attributes) {
      throw new Error(`attribute ${name} is there twice`)
    }
    attributes[name] = double ?? single ?? ''
  }
  return attributes
}
