import { Client, Connection } from '@temporalio/client'
import { defaultFailureConverter, type LoadedDataConverter } from '@temporalio/common'
import { payloadConverter } from '../contracts/payload-converter.js'
import { temporalNotConnected } from '../contracts/temporal-failure.js'
import { CONNECT_TIMEOUT_MS, readTemporalProfile } from './temporal-profile.js'

/** A client of Temporal, connected. Whoever asked for it closes `connection`. */
export interface TemporalClient {
  readonly client: Client
  readonly connection: Connection
  readonly address: string
  readonly namespace: string
}

/** What somebody else wrote beside a workflow (its memo) must not keep Support from looking at it. */
const TOLERANT: LoadedDataConverter = {
  payloadConverter,
  failureConverter: defaultFailureConverter,
  payloadCodecs: [],
}

/**
 * Connects to Temporal by its own variables and profile, for commands and the gateway.
 *
 * @param identity whom Temporal's histories name for what is started and sent by it; by default this process.
 * @throws AppError `temporal_unreachable` (retryable) within 5 seconds, naming the address.
 */
export async function connectTemporal(
  variables?: Readonly<Record<string, string>>,
  timeoutMs = CONNECT_TIMEOUT_MS,
  identity?: string,
): Promise<TemporalClient> {
  const { address, namespace, connectionOptions } = readTemporalProfile(variables)
  const connection = await Connection.connect({
    ...connectionOptions,
    connectTimeout: timeoutMs,
  }).catch((error: unknown) => {
    throw temporalNotConnected({ address, namespace }, error)
  })
  const client = new Client({
    connection,
    namespace,
    dataConverter: TOLERANT,
    ...(identity === undefined ? {} : { identity }),
  })
  return { client, connection, address, namespace }
}
