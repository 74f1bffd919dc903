import { setTimeout as wait } from 'node:timers/promises'
import { toAppError } from '../connection/to-app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import type { ConnectionRow } from '../ledger/connection/connections.js'
import type { Logger } from '../telemetry/logger.js'
import { callTemporal, type TemporalAccess } from './temporal-access.js'

/**
 * Waits between attempts. A Temporal that restarts is back within seconds, and a webhook has to be handled within
 * seconds (E4).
 */
const RETRY_AFTER_MS: readonly number[] = [500, 2_000, 5_000, 15_000, 30_000]

interface UnderWay {
  again: boolean
}

/**
 * Signals the workflow of an inbox shard that a hint arrived, and starts it if it does not run (rule E4). The hint is
 * already stored, so nobody waits for the signal, and a failure loses nothing: it is repeated for a minute; after that
 * the sweep or the next hint to the same shard finds the change. At most one signal to a shard is in progress and one
 * follows, because the workflow reads the complete shard.
 */
export class InboxSignals {
  readonly #underWay = new Map<string, UnderWay>()
  readonly #running = new Set<Promise<void>>()
  readonly #closing = new AbortController()

  constructor(
    private readonly temporal: TemporalAccess,
    private readonly log: Logger,
  ) {}

  /** Signals a shard. Never throws; a failure is logged with its code of the catalogue. */
  notify(connection: ConnectionRow, shard: number): void {
    const workflowId = workflowIds.inbox(connection.connectionId, shard)
    const known = this.#underWay.get(workflowId)
    if (known) {
      known.again = true
      return
    }
    const running = this.#send(connection, shard, workflowId).finally(() =>
      this.#running.delete(running),
    )
    this.#running.add(running)
  }

  /** Ends: waiting signals are retried immediately, once. Resolves when none is in progress. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.#running)
  }

  async #send(connection: ConnectionRow, shard: number, workflowId: string): Promise<void> {
    const state = { again: true }
    this.#underWay.set(workflowId, state)
    try {
      while (state.again) {
        await this.#signalAgain(connection, shard, workflowId, state)
      }
    } catch (error) {
      const { connectionId } = connection
      this.log.warn(
        { code: toAppError(error).code, connectionId, shard, workflowId, err: error },
        'inbox not signalled; the hint waits for the sweep or the next one',
      )
    } finally {
      this.#underWay.delete(workflowId)
    }
  }

  /** Repeats the signal until it succeeds, for about a minute. @throws the last failure. */
  async #signalAgain(
    connection: ConnectionRow,
    shard: number,
    workflowId: string,
    state: UnderWay,
  ): Promise<void> {
    for (const waitMs of RETRY_AFTER_MS) {
      try {
        // This signal covers everything that has arrived so far.
        state.again = false
        return await this.#signal(connection, shard, workflowId)
      } catch (error) {
        const { connectionId } = connection
        const { signal } = this.#closing
        this.log.warn(
          { code: toAppError(error).code, connectionId, shard, workflowId, err: error },
          'inbox not signalled; tried again',
        )
        await wait(waitMs, undefined, { signal }).catch(() => undefined)
        if (signal.aborted) {
          break
        }
      }
    }
    state.again = false
    await this.#signal(connection, shard, workflowId)
  }

  async #signal(connection: ConnectionRow, shard: number, workflowId: string): Promise<void> {
    const { connectionId, crm } = connection
    await callTemporal(this.temporal, (client) =>
      client.workflow.signalWithStart('contactInbox', {
        workflowId,
        taskQueue: QUEUES.webhook,
        args: [{ connectionId, shard }],
        signal: 'changed',
        signalArgs: [],
        priority: { priorityKey: PRIORITY.webhook, fairnessKey: connectionId },
        typedSearchAttributes: searchAttributes({
          connectionId,
          crm,
          phase: 'running',
          tier: 'webhook',
        }),
        staticSummary: `Webhooks of ${connectionId}, part ${shard}`,
      }),
    )
  }
}
