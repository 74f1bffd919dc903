import { randomUUID } from 'node:crypto'
import type * as http from 'node:http'
import { kindOf, mostAtOnce, type RecordedRequest } from '../record/request-log.js'
import { ask, keepAlive } from './ask.js'

/** The result of replaying recorded requests. */
export interface Replay {
  readonly requests: number
  readonly ms: number
  readonly cpuMs: number
  /** Bytes of the answers' bodies. */
  readonly bodyBytes: number
  /** Answers with another status than in the recording. */
  readonly differing: number
}

/** Headers that the replaying client sets itself. */
const OWN_HEADERS = new Set(['host', 'connection', 'content-length', 'transfer-encoding'])

/**
 * The bare script that a product is compared with: it sends the same requests, byte for byte, in the order in which the
 * run began them, and does nothing else: no decision, no memory. A request begins as soon as the previous one has begun
 * and a slot is free: there are as many slots, per kind and per server, as the run used concurrently. It does not wait
 * for data of an earlier page, so no real program could be faster with these requests.
 * @param recorded requests of all servers. @param ca trusted besides the public authorities.
 */
export async function replay(recorded: readonly RecordedRequest[], ca?: string): Promise<Replay> {
  const [plain, secure] = [keepAlive('http:'), keepAlive('https:', ca)]
  const kinds = placesBy(recorded, kindOf)
  const servers = placesBy(recorded, serverOf)
  const running: Promise<void>[] = []
  let bodyBytes = 0
  let differing = 0
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  for (const request of recorded) {
    const [kind, server] = [kinds.get(kindOf(request))!, servers.get(serverOf(request))!]
    await kind.take()
    await server.take()
    const agent = request.url.startsWith('https:') ? secure : plain
    running.push(
      send(request, agent).then(({ status, body }) => {
        bodyBytes += body.length
        differing += status === request.status ? 0 : 1
        kind.leave()
        server.leave()
      }),
    )
  }
  await Promise.all(running)
  const ms = performance.now() - startedAt
  const { user, system } = process.cpuUsage(cpuBefore)
  plain.destroy()
  secure.destroy()
  return { requests: recorded.length, ms, cpuMs: (user + system) / 1000, bodyBytes, differing }
}

function serverOf({ url }: RecordedRequest): string {
  return new URL(url).host
}

function placesBy(
  recorded: readonly RecordedRequest[],
  key: (request: RecordedRequest) => string,
): ReadonlyMap<string, Places> {
  const groups = new Map<string, RecordedRequest[]>()
  for (const request of recorded) {
    const group = groups.get(key(request)) ?? []
    group.push(request)
    groups.set(key(request), group)
  }
  return new Map([...groups].map(([name, group]) => [name, new Places(mostAtOnce(group))]))
}

/** Limits concurrency; others wait in turn. */
class Places {
  readonly #waiting: (() => void)[] = []

  constructor(private free: number) {}

  async take(): Promise<void> {
    if (this.free === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else {
      this.free -= 1
    }
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) {
      this.free += 1
    } else {
      next()
    }
  }
}

function send(
  { method, url, headers, body }: RecordedRequest,
  agent: http.Agent,
): Promise<{ readonly status: number; readonly body: Buffer }> {
  const own = Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name))
  const sent: Record<string, string> = Object.fromEntries(own)
  if (sent['idempotency-key'] !== undefined) {
    // With the old key the server would return the stored answer.
    sent['idempotency-key'] = randomUUID()
  }
  return ask({ method, url, headers: sent, body }, agent)
}
