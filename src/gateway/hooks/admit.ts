import { permitsOf } from '../../domain/connection-state.js'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { WebhookSender } from '../../contracts/names.js'
import { AppError } from '../../contracts/app-error.js'
import type { HeaderVerdict } from '../../crm/crm.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { InboxHint } from '../../ledger/run/inbox.js'
import { LIMITS } from '../limits.js'
import { catalogueRefusal, httpRefusal } from '../refusal.js'
import { TokenBuckets, sourceOf } from '../rate-limit.js'
import type { KnownAddresses } from './known-addresses.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The connection that the webhook's address belongs to. */
    hookOwner: ConnectionRow | null
  }
}

/** How calls of one route are authenticated. */
export interface HookSide {
  readonly name: WebhookSender
  /** Judges the headers alone, before the body is read. */
  judgeHeaders(connection: ConnectionRow, request: FastifyRequest): HeaderVerdict
  /** Judges the complete call. @throws AppError `webhook_unauthorized`, or another code if the sender is proven. */
  read(connection: ConnectionRow, request: FastifyRequest): readonly InboxHint[]
}

/** The hints of an admitted call, and their connection. */
export interface AdmittedHook {
  readonly connection: ConnectionRow
  readonly hints: readonly InboxHint[]
}

/** 24 random bytes in base64url; no other text is looked up. */
const WEBHOOK_REF = /^[\w-]{32}$/

/**
 * Decides which calls are admitted, and which limit each one counts against (docs/gateway.md, Admission). A call that
 * the secrets in memory prove waits for nothing, and counts only against its own connection and route. Any other call
 * counts against its source, and is judged again with data that was read from the database after it arrived: one
 * reading serves all waiting calls, and only a few may cause one. Only such a reading may refuse a call for good;
 * otherwise the sender is asked to try again.
 */
export class Admission {
  readonly #failuresBySource: TokenBuckets
  readonly #webhooksByRoute: TokenBuckets
  readonly #room = new BodyRoom(LIMITS.largeBodiesBytes, LIMITS.largeBodiesPerSourceBytes)
  #waiting = 0

  /** @param nowMs a monotonic clock. */
  constructor(
    private readonly addresses: KnownAddresses,
    nowMs?: () => number,
  ) {
    this.#failuresBySource = new TokenBuckets(LIMITS.failuresPerSource, nowMs)
    this.#webhooksByRoute = new TokenBuckets(LIMITS.webhooksPerRoute, nowMs)
  }

  /**
   * Checks before the body is read: whether the address exists, whether the headers may be its sender's, and whether
   * there is room for the body.
   * @throws Refusal 401, 503; AppError `database_unreachable`.
   */
  async beforeBody(side: HookSide, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const webhookRef = refOf(request)
    if (!WEBHOOK_REF.test(webhookRef)) {
      throw catalogueRefusal(unauthorized())
    }
    if (!this.addresses.has(webhookRef)) {
      await this.#lookAgain(request, () => this.addresses.readAgain())
    }
    const owner = this.addresses.has(webhookRef) ? await this.addresses.ownerOf(webhookRef) : null
    if (owner === null) {
      throw catalogueRefusal(unauthorized())
    }
    request.hookOwner = owner
    let verdict = side.judgeHeaders(owner, request)
    if (verdict === 'refused') {
      verdict = side.judgeHeaders(await this.#ownerAgain(request), request)
    }
    if (verdict === 'refused') {
      throw catalogueRefusal(unauthorized())
    }
    // Proven senders share the room of their connection, the others that of their source address.
    this.#makeRoom(verdict === 'proven' ? webhookRef : sourceOf(request), request, reply)
  }

  /**
   * Judges the complete call with the data in memory and, once that has proven the sender, with what the database holds
   * now.
   * @throws Refusal 401, 410, 503; AppError of the judgement, `database_unreachable`.
   */
  async withBody(side: HookSide, request: FastifyRequest): Promise<AdmittedHook> {
    try {
      side.read(request.hookOwner!, request)
    } catch {
      // Also after a fault of ours: a secret that did not open may open now.
      side.read(await this.#ownerAgain(request), request)
    }
    if (!this.#webhooksByRoute.take(`${side.name} ${request.hookOwner!.connectionId}`)) {
      throw httpRefusal('webhooks_too_fast')
    }
    const connection = await this.addresses.ownerNow(refOf(request))
    if (connection === null) {
      throw catalogueRefusal(unauthorized())
    }
    const hints = side.read(connection, request)
    if (permitsOf(connection).hints === 'refused') {
      throw catalogueRefusal(
        new AppError('connection_disabled', 'This connection is disabled; nothing is accepted.'),
        410,
      )
    }
    return { connection, hints }
  }

  /** The address's connection, read again for a call that did not prove itself. @throws Refusal 401, 503. */
  async #ownerAgain(request: FastifyRequest): Promise<ConnectionRow> {
    const owner = await this.#lookAgain(request, () =>
      this.addresses.ownerReadAgain(refOf(request)),
    )
    if (owner === null) {
      throw catalogueRefusal(unauthorized())
    }
    request.hookOwner = owner
    return owner
  }

  /** Starts a reading. The next caller benefits from it even if this call may not wait for it. */
  async #lookAgain<T>(request: FastifyRequest, read: () => Promise<T>): Promise<T> {
    const counted = this.#failuresBySource.take(sourceOf(request))
    const reading = read()
    if (!counted || this.#waiting >= LIMITS.failuresWaiting) {
      reading.catch(() => undefined)
      throw httpRefusal('webhook_not_judged')
    }
    this.#waiting += 1
    try {
      return await reading
    } finally {
      this.#waiting -= 1
    }
  }

  /**
   * Reserves room for the body. Small bodies need none, because the number of sockets bounds them. A body of unknown
   * size may have the largest.
   */
  #makeRoom(key: string, request: FastifyRequest, reply: FastifyReply): void {
    const declared = Number(request.headers['content-length'] ?? LIMITS.bodyBytes)
    // A body that declares more is refused by its size, without being read.
    if (declared <= LIMITS.smallBodyBytes || declared > LIMITS.bodyBytes) {
      return
    }
    const giveBack = this.#room.take(key, declared)
    if (giveBack === null) {
      throw httpRefusal('webhook_not_judged')
    }
    reply.raw.once('close', giveBack)
  }
}

/** The same text for every cause, so that it does not reveal which one it was. */
export function unauthorized(): AppError {
  return new AppError('webhook_unauthorized', 'The webhook is not accepted.')
}

function refOf(request: FastifyRequest): string {
  return (request.params as { webhookRef: string }).webhookRef
}

/**
 * Memory for bodies, shared by key, in bytes: no key takes more than its share, and all keys together no more than the
 * total.
 */
export class BodyRoom {
  readonly #taken = new Map<string, number>()
  #total = 0

  constructor(
    private readonly bytes: number,
    private readonly bytesPerKey: number,
  ) {}

  /** Takes room. @returns a function that returns it, once; null if there is none. */
  take(key: string, bytes: number): (() => void) | null {
    const ofKey = this.#taken.get(key) ?? 0
    if (ofKey + bytes > this.bytesPerKey || this.#total + bytes > this.bytes) {
      return null
    }
    this.#change(key, bytes)
    let held = true
    return () => {
      if (held) {
        held = false
        this.#change(key, -bytes)
      }
    }
  }

  #change(key: string, bytes: number): void {
    this.#total += bytes
    const ofKey = (this.#taken.get(key) ?? 0) + bytes
    if (ofKey === 0) {
      this.#taken.delete(key)
    } else {
      this.#taken.set(key, ofKey)
    }
  }
}
