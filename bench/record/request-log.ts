import { createReadStream } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

/** One request that a stand-in served, as it was sent. Times are Unix ms with fractions, of one machine. */
export interface RecordedRequest {
  readonly startedMs: number
  readonly endedMs: number
  /** Ports of both ends; a connection carries one request at a time. */
  readonly connection: string
  readonly method: string
  /** With scheme, host and port of the server that received it. */
  readonly url: string
  /** As sent; including the credentials, which only this stand-in knows. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly status: number
  /** Bytes of the answer, including headers. */
  readonly answerBytes: number
}

/** Requests of a log that began within a period, in that order. @param path as given to the stand-in. */
export async function readRequests(
  path: string,
  fromMs: number,
  toMs: number,
): Promise<readonly RecordedRequest[]> {
  const requests: RecordedRequest[] = []
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const request = JSON.parse(line) as RecordedRequest
    if (request.startedMs >= fromMs && request.startedMs <= toMs) {
      requests.push(request)
    }
  }
  requests.sort((a, b) => a.startedMs - b.startedMs)
  return requests.map((request, at) => ({ ...request, endedMs: endOf(requests, at) }))
}

/**
 * When an answer was sent. A server may notice it late: the connection's next request proves that it was sent before.
 */
function endOf(requests: readonly RecordedRequest[], at: number): number {
  const { connection, endedMs } = requests[at]!
  for (let next = at + 1; next < requests.length; next += 1) {
    const { connection: other, startedMs } = requests[next]!
    if (startedMs >= endedMs) {
      break
    }
    if (other === connection) {
      return startedMs
    }
  }
  return endedMs
}

/** The kind of a request: its method and path, without ids, cursors and the query. */
export function kindOf({ method, url }: RecordedRequest): string {
  const { port, pathname } = new URL(url)
  const path = decodeURIComponent(pathname)
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/gi, '{}')
    .replace(/'[^']*'/g, '{}')
    .replace(/\/\d+(?=\/|$)/g, '/{}')
    .replace(/\/[\w-]{24,}(?=\/|$)/g, '/{}')
  return `${method} :${port}${path}`
}

/** The largest number of these requests that ran concurrently, by the log. */
export function mostAtOnce(requests: readonly RecordedRequest[]): number {
  const edges = requests.flatMap(({ startedMs, endedMs }) => [
    { at: startedMs, step: 1 },
    { at: endedMs, step: -1 },
  ])
  edges.sort((a, b) => a.at - b.at || a.step - b.step)
  let running = 0
  let most = 0
  for (const { step } of edges) {
    running += step
    most = Math.max(most, running)
  }
  return most
}

const LOOK_EVERY_MS = 5
const WAIT_AT_MOST_MS = 120_000

/**
 * Waits for a request to be served. @param fromByte the log's length when the waiting begins.
 * @throws Error after two minutes without one.
 */
export async function awaitRequest(
  path: string,
  fromByte: number,
  isIt: (request: RecordedRequest) => boolean,
): Promise<RecordedRequest> {
  const untilMs = Date.now() + WAIT_AT_MOST_MS
  const file = await open(path)
  try {
    const lines = new LineReader(file, fromByte)
    while (Date.now() < untilMs) {
      const found = (await lines.read())
        .map((line) => JSON.parse(line) as RecordedRequest)
        .find(isIt)
      if (found !== undefined) {
        return found
      }
      await sleep(LOOK_EVERY_MS)
    }
    throw new Error(`${path}: not served within ${WAIT_AT_MOST_MS / 1000} s`)
  } finally {
    await file.close()
  }
}

/** Reads the text appended to a file, complete lines only. */
class LineReader {
  #rest = Buffer.alloc(0)
  readonly #buffer = Buffer.alloc(1 << 20)

  constructor(
    private readonly file: FileHandle,
    private at: number,
  ) {}

  async read(): Promise<string[]> {
    const { bytesRead } = await this.file.read(this.#buffer, 0, this.#buffer.length, this.at)
    this.at += bytesRead
    const all = Buffer.concat([this.#rest, this.#buffer.subarray(0, bytesRead)])
    const end = all.lastIndexOf('\n') + 1
    this.#rest = all.subarray(end)
    return end === 0 ? [] : all.toString('utf8', 0, end - 1).split('\n')
  }
}
