import { Client, Connection } from '@temporalio/client'
import { CONNECT_TIMEOUT_MS, readTemporalProfile, temporalUnreachable } from './temporal-profile.js'

/** A client of Temporal, connected. Whoever asked for it closes `connection`. */
export interface TemporalClient {
  readonly client: Client
  readonly connection: Connection
  readonly address: string
  readonly namespace: string
}

/**
 * Connects to Temporal by its own variables and profile, for commands and the gateway.
 *
 * @throws AppError `temporal_unreachable` (retryable) within 5 seconds, naming the address.
 */
export async function connectTemporal(
  variables?: Readonly<Record<string, string>>,
  timeoutMs = CONNECT_TIMEOUT_MS,
): Promise<TemporalClient> {
  const { address, namespace, connectionOptions } = readTemporalProfile(variables)
  const connection = await Connection.connect({
    ...connectionOptions,
    connectTimeout: timeoutMs,
  }).catch((error: unknown) => {
    throw temporalUnreachable(address, error)
  })
  return { client: new Client({ connection, namespace }), connection, address, namespace }
}
