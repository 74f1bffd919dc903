import { badPayload } from '../errors.js'

/** One part of a multipart body: its headers (lower-case names) and its content, still as text. */
export interface Part {
  readonly headers: Readonly<Record<string, string>>
  readonly content: string
}

/** A request line inside a part, with its headers and body. */
export interface InnerRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** 400 0x80048d19, as for a batch with bare line feeds. */
export function unreadable(detail = 'System.ArgumentException: Stream was not readable.'): Error {
  return badPayload('batch', detail)
}

/** The boundary of a multipart content type, quotes removed. */
export function boundaryOf(contentType: string | undefined): string | undefined {
  const found = /^multipart\/mixed\s*;.*?boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType ?? '')
  return found?.[1] ?? found?.[2]
}

/** Cuts a multipart body into parts; every line of the framing must end in CRLF. */
export function splitParts(body: string, boundary: string): readonly Part[] {
  const delimiter = `\r\n--${boundary}`
  const pieces = `\r\n${body}`.split(delimiter)
  const closing = pieces.pop()
  if (pieces.length < 2 || pieces[0]?.trim() !== '' || !/^--\s*$/.test(closing ?? '')) {
    throw unreadable()
  }
  // The CRLF before a delimiter also ends the blank line of a part without body, so it is restored.
  return pieces.slice(1).map((piece) => {
    if (!piece.startsWith('\r\n')) {
      throw unreadable()
    }
    return cutHeaders(`${piece.slice(2)}\r\n`)
  })
}

/** Reads `METHOD url HTTP/1.1`, headers, blank line, body. */
export function readInnerRequest(content: string): InnerRequest {
  const end = content.indexOf('\r\n')
  const line = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(content.slice(0, end))
  if (line === null) {
    throw unreadable(
      'Microsoft.OData.ODataException: The request line of a batch part is malformed.',
    )
  }
  const rest = content.slice(end + 2)
  const { headers, content: body } = rest.startsWith('\r\n')
    ? { headers: {}, content: rest.slice(2) }
    : cutHeaders(rest)
  return { method: line[1] ?? '', url: line[2] ?? '', headers, body: body.trim() }
}

function cutHeaders(text: string): Part {
  const end = text.indexOf('\r\n\r\n')
  const head = text.slice(0, Math.max(end, 0))
  if (end < 0 || /[^\r]\n/.test(head)) {
    throw unreadable()
  }
  const headers: Record<string, string> = {}
  for (const line of head.split('\r\n')) {
    const mark = line.indexOf(':')
    if (mark < 0) {
      throw unreadable()
    }
    headers[line.slice(0, mark).trim().toLowerCase()] = line.slice(mark + 1).trim()
  }
  return { headers, content: text.slice(end + 4) }
}
