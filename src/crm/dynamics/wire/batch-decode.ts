import { boundaryOf, readHead, splitParts } from './multipart.js'

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
  /** False where the text ends before the closing boundary: the last answers are lost. */
  readonly complete: boolean
}

/** How deep parts may nest: a change set's answers stand one level down. */
const MAX_DEPTH = 3

/**
 * Reads a `$batch` answer. Tolerant in form (header case, bare line feeds, quoted boundaries, nested parts), never in
 * content: a part that was cut off is left out, so that it counts as an answer that was lost.
 *
 * @returns null where the content type is no multipart.
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
      // Which request an unreadable part answers is clear, what it says is not: everything from here on is lost.
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
