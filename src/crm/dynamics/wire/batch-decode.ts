/** One answer inside a `$batch` answer. Header names in lower case. */
export interface BatchPart {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly contentId: string | null
}

/** The answers in the order of the requests. */
export interface BatchAnswer {
  readonly parts: readonly BatchPart[]
  /** False if the text ends before the closing boundary: the last answers are lost. */
  readonly complete: boolean
}

/** Deepest nesting of parts: the answers of a change set are one level down. */
const MAX_DEPTH = 3

/**
 * Reads a `$batch` answer. Tolerant in form (header case, bare line feeds, quoted boundaries, nested parts), never in
 * content: a truncated part is left out and so counts as a lost answer.
 * @returns null if the content type is not multipart.
 */
export function decodeBatch(contentType: string | undefined, body: Buffer): BatchAnswer | null {
  const boundary = boundaryOf(contentType)
  return boundary === null ? null : decodeLevel(boundary, body, 0)
}

function decodeLevel(boundary: string, body: Buffer, depth: number): BatchAnswer {
  const { parts: raw, closed } = splitParts(body, boundary)
  const parts: BatchPart[] = []
  let complete = closed
  for (const part of raw) {
    const outer = readHead(part)
    const inner = boundaryOf(outer?.headers['content-type'])
    if (outer !== null && inner !== null && depth < MAX_DEPTH) {
      const nested = decodeLevel(inner, outer.rest, depth + 1)
      parts.push(...nested.parts)
      complete &&= nested.complete
      continue
    }
    const answer = outer === null ? null : readAnswer(outer.rest, outer.headers['content-id'])
    if (answer === null) {
      // Answers follow the order of the requests, so an unreadable part makes it and everything after it lost.
      return { parts, complete: false }
    }
    parts.push(answer)
  }
  return { parts, complete }
}

function readAnswer(text: Buffer, outerContentId: string | undefined): BatchPart | null {
  const lineEnd = text.indexOf('\n')
  const statusLine = text.subarray(0, lineEnd === -1 ? text.length : lineEnd).toString('latin1')
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(statusLine.trim())?.[1]
  if (status === undefined) {
    return null
  }
  const rest = lineEnd === -1 ? Buffer.alloc(0) : text.subarray(lineEnd + 1)
  const head = readHead(rest)
  const headers = head?.headers ?? {}
  return {
    status: Number(status),
    headers,
    body: head?.rest ?? Buffer.alloc(0),
    contentId: headers['content-id'] ?? outerContentId ?? null,
  }
}

/** The MIME multipart form (RFC 2046, 5.1), as far as `$batch` answers use it. */

const CR = 0x0d
const LF = 0x0a

/** The boundary of a multipart content type, quoted or not; null for any other type. */
function boundaryOf(contentType: string | undefined): string | null {
  if (contentType === undefined || !/^\s*multipart\//i.test(contentType)) {
    return null
  }
  const match = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;]+))/i.exec(contentType)
  return match?.[1] ?? match?.[2] ?? null
}

/**
 * Splits a body at its boundary lines. Returns only parts that a boundary line follows: text before the first and after
 * the last is not a part. `closed`: the closing line was found.
 */
function splitParts(body: Buffer, boundary: string): { parts: Buffer[]; closed: boolean } {
  const delimiter = Buffer.from(`--${boundary}`)
  const parts: Buffer[] = []
  let partStart = -1
  let at = body.indexOf(delimiter)
  while (at !== -1) {
    const line = boundaryLine(body, at, delimiter.length)
    if (line !== null) {
      if (partStart !== -1) {
        parts.push(body.subarray(partStart, withoutLineEnd(body, partStart, at)))
      }
      if (line.closing) {
        return { parts, closed: true }
      }
      partStart = line.end
    }
    at = body.indexOf(delimiter, at + delimiter.length)
  }
  return { parts, closed: false }
}

/** A delimiter is a complete line: a longer boundary may begin with the same text. */
function boundaryLine(body: Buffer, at: number, length: number) {
  if (at > 0 && body[at - 1] !== LF) {
    return null
  }
  const newline = body.indexOf(LF, at)
  const tail = body.subarray(at + length, newline === -1 ? body.length : newline)
  const text = tail.toString('latin1').trimEnd()
  if (text === '--') {
    return { closing: true, end: body.length }
  }
  return text === '' && newline !== -1 ? { closing: false, end: newline + 1 } : null
}

/** The line break before a boundary belongs to the boundary. */
function withoutLineEnd(body: Buffer, start: number, end: number): number {
  let last = end
  if (last > start && body[last - 1] === LF) {
    last -= 1
    if (last > start && body[last - 1] === CR) {
      last -= 1
    }
  }
  return last
}

/** Headers up to the first empty line, names in lower case, and the rest. Null for a malformed header line. */
function readHead(
  text: Buffer,
): { headers: Readonly<Record<string, string>>; rest: Buffer } | null {
  const headers: Record<string, string> = {}
  let at = 0
  while (at < text.length) {
    const newline = text.indexOf(LF, at)
    const end = newline === -1 ? text.length : newline
    const line = text.subarray(at, end).toString('latin1').trimEnd()
    at = end + 1
    if (line === '') {
      return { headers, rest: text.subarray(Math.min(at, text.length)) }
    }
    const colon = line.indexOf(':')
    if (colon < 1) {
      return null
    }
    headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { headers, rest: Buffer.alloc(0) }
}
