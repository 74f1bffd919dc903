import { permitsOf } from '../../domain/connection-state.js'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { WebhookSender } from '../../contracts/names.js'
import { AppError } from '../../contracts/app-error.js'
import type { HeaderVerdict } from '../../crm/crm.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { InboxHint } from '../../ledger/run/inbox.js'
import { LIMITS } from '../limits.js'
import { catalogueRefusal, httpRefusal } from '../refusal.js'
import { sourceOf } from '../source-of.js'
import { TokenBuckets } from '../token-buckets.js'
import type { KnownAddresses } from './known-addresses.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The connection that the webhook's address belongs to. */
    hookOwner: ConnectionRow | null
  }
}

/** How calls of one route prove themselves. */
export interface HookSide {
  readonly name: WebhookSender
  /** What the headers alone say, before the body is read. */
  judgeHeaders(connection: ConnectionRow, request: FastifyRequest): HeaderVerdict
  /** Judges the whole call. @throws AppError `webhook_unauthorized`, or another where the sender is proven. */
  read(connection: ConnectionRow, request: FastifyRequest): readonly InboxHint[]
}

/** What an admitted call says, and to whom. */
export interface AdmittedHook {
  readonly connection: ConnectionRow
  readonly hints: readonly InboxHint[]
}

/** 24 random bytes in base64url; anything else is not looked up. */
const WEBHOOK_REF = /^[\w-]{32}$/

/**
 * Who is let in, who is counted, and when (docs/gateway.md, Admission). A call that proves itself by what is in memory
 * waits for nobody and is counted against its own connection and route only. One that does not is counted against its
 * source, and judged once more by what the database says after it came: one reading for all who wait, and for few at a
 * time. It is refused for good only by such a reading; else it is to come again.
 */
export class Admission {
  private readonly failuresBySource: TokenBuckets
  private readonly webhooksByRoute: TokenBuckets
  private readonly room = new BodyRoom(LIMITS.largeBodiesBytes, LIMITS.largeBodiesPerSourceBytes)
  private waiting = 0

  /** @param nowMs a clock that never goes back. */
  constructor(
    private readonly addresses: KnownAddresses,
    nowMs?: () => number,
  ) {
    this.failuresBySource = new TokenBuckets(LIMITS.failuresPerSource, nowMs)
    this.webhooksByRoute = new TokenBuckets(LIMITS.webhooksPerRoute, nowMs)
  }

  /**
   * Before the body is read: whether there is such an address, whether the headers may be its sender's, and whether there
   * is room for the body.
   * @throws Refusal 401, 503; AppError `database_unreachable`.
   */
  async beforeBody(side: HookSide, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const webhookRef = refOf(request)
    if (!WEBHOOK_REF.test(webhookRef)) {
      throw catalogueRefusal(unauthorized())
    }
    if (!this.addresses.has(webhookRef)) {
      await this.lookAgain(request, () => this.addresses.readAgain())
    }
    const owner = this.addresses.has(webhookRef) ? await this.addresses.ownerOf(webhookRef) : null
    if (owner === null) {
      throw catalogueRefusal(unauthorized())
    }
    request.hookOwner = owner
    let verdict = side.judgeHeaders(owner, request)
    if (verdict === 'refused') {
      verdict = side.judgeHeaders(await this.ownerAgain(request), request)
    }
    if (verdict === 'refused') {
      throw catalogueRefusal(unauthorized())
    }
    // A proven sender shares the room with its own kind, the others with those behind their address.
    this.makeRoom(verdict === 'proven' ? webhookRef : sourceOf(request), request, reply)
  }

  /**
   * The whole call: by what is in memory, then, once that has proven the sender, by what the database says now.
   * @throws Refusal 401, 410, 503; AppError of the judgement, `database_unreachable`.
   */
  async withBody(side: HookSide, request: FastifyRequest): Promise<AdmittedHook> {
    try {
      side.read(request.hookOwner!, request)
    } catch {
      // Also if it is our own fault: what did not open may open by now.
      side.read(await this.ownerAgain(request), request)
    }
    if (!this.webhooksByRoute.take(`${side.name} ${request.hookOwner!.connectionId}`)) {
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

  /** The address's connection as it is now, for a call that did not prove itself. @throws Refusal 401, 503. */
  private async ownerAgain(request: FastifyRequest): Promise<ConnectionRow> {
    const owner = await this.lookAgain(request, () => this.addresses.ownerReadAgain(refOf(request)))
    if (owner === null) {
      throw catalogueRefusal(unauthorized())
    }
    request.hookOwner = owner
    return owner
  }

  /** The reading is begun for whoever comes next, though this call may not wait for it. */
  private async lookAgain<T>(request: FastifyRequest, read: () => Promise<T>): Promise<T> {
    const counted = this.failuresBySource.take(sourceOf(request))
    const reading = read()
    if (!counted || this.waiting >= LIMITS.failuresWaiting) {
      reading.catch(() => undefined)
      throw httpRefusal('webhook_not_judged')
    }
    this.waiting += 1
    try {
      return await reading
    } finally {
      this.waiting -= 1
    }
  }

  /** Small bodies need none: their number is that of the sockets. What does not say its size may have the largest. */
  private makeRoom(key: string, request: FastifyRequest, reply: FastifyReply): void {
    const declared = Number(request.headers['content-length'] ?? LIMITS.bodyBytes)
    // What declares more is refused by its size, without being read.
    if (declared <= LIMITS.smallBodyBytes || declared > LIMITS.bodyBytes) {
      return
    }
    const giveBack = this.room.take(key, declared)
    if (giveBack === null) {
      throw httpRefusal('webhook_not_judged')
    }
    reply.raw.once('close', giveBack)
  }
}

/** One text for every way of not being known: it does not say why. */
export function unauthorized(): AppError {
  return new AppError('webhook_unauthorized', 'The webhook is not accepted.')
}

function refOf(request: FastifyRequest): string {
  return (request.params as { webhookRef: string }).webhookRef
}

/**
 * Room for bodies in memory, shared out by key: no one key takes more than its share, and all together no more than
 * there is. In bytes.
 */
export class BodyRoom {
  private readonly taken = new Map<string, number>()
  private total = 0

  constructor(
    private readonly bytes: number,
    private readonly bytesPerKey: number,
  ) {}

  /** Takes room. @returns what gives it back, once; null if there is none. */
  take(key: string, bytes: number): (() => void) | null {
    const ofKey = this.taken.get(key) ?? 0
    if (ofKey + bytes > this.bytesPerKey || this.total + bytes > this.bytes) {
      return null
    }
    this.change(key, bytes)
    let held = true
    return () => {
      if (held) {
        held = false
        this.change(key, -bytes)
      }
    }
  }

  private change(key: string, bytes: number): void {
    this.total += bytes
    const ofKey = (this.taken.get(key) ?? 0) + bytes
    if (ofKey === 0) {
      this.taken.delete(key)
    } else {
      this.taken.set(key, ofKey)
    }
  }
}
