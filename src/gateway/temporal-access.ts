import type { Client, WorkflowClient, WorkflowService } from '@temporalio/client'
import { LIMITS } from './limits.js'

/** The part of Temporal's client that the gateway uses. */
export interface GatewayTemporal extends Pick<Client, 'withDeadline'> {
  readonly workflow: Pick<WorkflowClient, 'signalWithStart'>
  readonly workflowService: Pick<WorkflowService, 'describeNamespace'>
  readonly options: Pick<Client['options'], 'namespace'>
}

/** Temporal, connected when first needed: the gateway accepts webhooks while Temporal is away. */
export interface TemporalAccess {
  /** The connected client. @throws AppError `temporal_unreachable`; the next call tries again. */
  client(): Promise<GatewayTemporal>
  close(): Promise<void>
}

/** A connected client, and the function that closes it; from `connectTemporal`. */
export interface ConnectedTemporal {
  readonly client: GatewayTemporal
  readonly connection: { close(): Promise<void> }
}

/**
 * Connects at the first call; callers in the meantime share the attempt. A failure is not kept, so the next call tries
 * again.
 */
export function lazyTemporal(connect: () => Promise<ConnectedTemporal>): TemporalAccess {
  let connected: Promise<ConnectedTemporal> | null = null
  return {
    async client() {
      connected ??= connect().catch((error: unknown) => {
        connected = null
        throw error
      })
      return (await connected).client
    },
    async close() {
      const open = await connected?.catch(() => null)
      connected = null
      await open?.connection.close()
    },
  }
}

/** Calls Temporal with a time-out of {@link LIMITS.temporalCallMs}. */
export async function callTemporal<T>(
  access: TemporalAccess,
  call: (client: GatewayTemporal) => Promise<T>,
): Promise<T> {
  const client = await access.client()
  return client.withDeadline(Date.now() + LIMITS.temporalCallMs, () => call(client))
}
