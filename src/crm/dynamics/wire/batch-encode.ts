/** One request inside a `$batch` (docs/wire-dataverse.md, 6.4). */
export interface BatchRequest {
  readonly method: 'GET' | 'PATCH' | 'DELETE'
  /** Path without the host, encoded: `/api/data/v9.2/contacts(…)`. At most 65,536 characters. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: unknown
}

/** Longest URL inside a `$batch`. */
export const MAX_BATCH_URL_CHARACTERS = 65_536

/** Allowed in a request line or header: a line break would forge a part. */
const ONE_LINE = /^[^\r\n]*$/

/**
 * Writes the parts outside any change set, so that each is its own transaction.
 * @throws RangeError for a path or header that cannot be written; the caller's fault.
 */
export function encodeBatch(requests: readonly BatchRequest[], boundary: string): Buffer {
  const chunks: Buffer[] = []
  for (const request of requests) {
    chunks.push(Buffer.from(`--${boundary}\r\n${partHead(request)}`), partBody(request))
  }
  chunks.push(Buffer.from(`--${boundary}--\r\n`))
  return Buffer.concat(chunks)
}

function partHead(request: BatchRequest): string {
  const headers = {
    Accept: 'application/json',
    ...(request.body === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
    ...request.headers,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  const valid = lines.every((line) => ONE_LINE.test(line)) && /^\S+$/.test(request.path)
  if (!valid || request.path.length > MAX_BATCH_URL_CHARACTERS) {
    throw new RangeError('a $batch part has a path or header that cannot be sent')
  }
  const head = [
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    '',
    `${request.method} ${request.path} HTTP/1.1`,
    ...lines,
  ]
  return `${head.join('\r\n')}\r\n\r\n`
}

function partBody(request: BatchRequest): Buffer {
  const text = request.body === undefined ? '' : JSON.stringify(request.body)
  return Buffer.from(`${text}\r\n`)
}
