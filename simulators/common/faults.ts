import { setTimeout as sleep } from 'node:timers/promises'
import type { SimRequest, SimResponse } from './http-server.js'
import { seededRandom, type Random } from './random.js'

/** Effects of a fault on a request. They combine: a delay, then a status; work done, then the connection cut. */
export interface FaultEffect {
  /** Wait before anything else. */
  readonly delayMs?: number
  /** Does the work, then waits before the answer: a caller with a shorter time-out never gets it. */
  readonly lateMs?: number
  /** Answers this status without doing the work, unless `execute`. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Text is sent as is, anything else as JSON. */
  readonly body?: unknown
  /** An HTML page where JSON is expected, with `status` or 200. */
  readonly html?: boolean
  /** Does the work and sends only the first half of its answer's bytes, as if complete. */
  readonly truncate?: boolean
  /** Cuts the connection before the answer. */
  readonly reset?: boolean
  /** Does the work first, then applies the fault: the work is done, but the caller does not learn of it. */
  readonly execute?: boolean
}

/** The requests that a fault hits. The first rule that matches wins. */
export interface FaultRule extends FaultEffect {
  readonly id?: string
  /** Regular expression on the method; absent = any. */
  readonly method?: string
  /** Regular expression on the decoded path and query; absent = any. */
  readonly path?: string
  /** Regular expression on the body text; absent = any. */
  readonly bodyMatches?: string
  /** `part` hits the single requests inside a multipart batch; default `request`. */
  readonly scope?: 'request' | 'part'
  /** Matching requests to let through first. */
  readonly skip?: number
  /** Hits until the rule stops; absent = unlimited. */
  readonly times?: number
  /** 0..1, seeded; absent = always. */
  readonly probability?: number
}

/** A rule as listed by the control API. */
export interface FaultStatus extends FaultRule {
  readonly id: string
  readonly hits: number
}

interface Armed {
  readonly id: string
  readonly rule: FaultRule
  readonly method: RegExp | undefined
  readonly path: RegExp | undefined
  readonly body: RegExp | undefined
  seen: number
  hits: number
}

export class FaultBoard {
  #armed: Armed[] = []
  #nextId = 1
  readonly #random: Random

  constructor(seed = 1) {
    this.#random = seededRandom(seed)
  }

  /** Arms a rule and returns its id. A bad regular expression throws. */
  arm(rule: FaultRule): string {
    const id = rule.id ?? `f${this.#nextId++}`
    this.#armed.push({
      id,
      rule,
      method: rule.method === undefined ? undefined : new RegExp(`^(?:${rule.method})$`, 'i'),
      path: rule.path === undefined ? undefined : new RegExp(rule.path, 'i'),
      body: rule.bodyMatches === undefined ? undefined : new RegExp(rule.bodyMatches, 'i'),
      seen: 0,
      hits: 0,
    })
    return id
  }

  /** Removes one rule, or all without an id. */
  clear(id?: string): void {
    this.#armed = id === undefined ? [] : this.#armed.filter((entry) => entry.id !== id)
  }

  list(): readonly FaultStatus[] {
    return this.#armed.map((entry) => ({ ...entry.rule, id: entry.id, hits: entry.hits }))
  }

  /** The effect on this request, if any; counts as a hit. */
  pick(request: SimRequest, scope: 'request' | 'part' = 'request'): FaultEffect | undefined {
    if (this.#armed.length === 0) {
      return undefined
    }
    const target = decodeSafely(
      request.rawQuery === '' ? request.path : `${request.path}?${request.rawQuery}`,
    )
    return this.#armed.find((entry) => this.#hits(entry, request, target, scope))?.rule
  }

  #hits(entry: Armed, request: SimRequest, target: string, scope: string): boolean {
    const { rule } = entry
    const matches =
      (rule.scope ?? 'request') === scope &&
      (entry.method?.test(request.method) ?? true) &&
      (entry.path?.test(target) ?? true) &&
      (entry.body?.test(request.body.toString('utf8')) ?? true)
    if (!matches || (rule.times !== undefined && entry.hits >= rule.times)) {
      return false
    }
    entry.seen += 1
    if (entry.seen <= (rule.skip ?? 0) || this.#random() >= (rule.probability ?? 1)) {
      return false
    }
    entry.hits += 1
    return true
  }
}

/** Runs the work under an effect and returns the answer that the caller sees. */
export async function applyFault(
  effect: FaultEffect | undefined,
  work: () => SimResponse | Promise<SimResponse>,
): Promise<SimResponse> {
  if (effect === undefined) {
    return work()
  }
  if (effect.delayMs !== undefined) {
    await sleep(effect.delayMs)
  }
  const replaces = effect.status !== undefined || effect.html === true || effect.reset === true
  if (!replaces && effect.truncate !== true) {
    const done = await work()
    if (effect.lateMs !== undefined) {
      await sleep(effect.lateMs)
    }
    return done
  }
  if (effect.execute === true || !replaces) {
    const done = await work()
    if (!replaces) {
      return truncated(done)
    }
  }
  if (effect.reset === true) {
    return { status: 0, drop: 'before' }
  }
  return replacement(effect)
}

function replacement(effect: FaultEffect): SimResponse {
  const status = effect.status ?? 200
  if (effect.html === true) {
    const page = '<!DOCTYPE html><html><body><h1>Service Unavailable</h1></body></html>'
    return { status, headers: { 'Content-Type': 'text/html', ...effect.headers }, body: page }
  }
  const body = typeof effect.body === 'string' ? effect.body : JSON.stringify(effect.body ?? {})
  return {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...effect.headers },
    body: effect.body === undefined ? '' : body,
  }
}

function truncated(response: SimResponse): SimResponse {
  const bytes = Buffer.from(response.body ?? '')
  return { ...response, body: bytes.subarray(0, Math.floor(bytes.length / 2)) }
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
