import { Client, Connection } from '@temporalio/client'
import { defaultFailureConverter, type LoadedDataConverter } from '@temporalio/common'
import { payloadConverter } from '../../contracts/payload-converter.js'
import { CONNECT_TIMEOUT_MS, readTemporalProfile } from './temporal-profile.js'
import { whyNotConnected } from './why-not-connected.js'

/** A connected client of Temporal. The caller closes `connection`. */
export interface TemporalClient {
  readonly client: Client
  readonly connection: Connection
  readonly address: string
  readonly namespace: string
}

/** A memo that somebody else wrote must not prevent Support from reading a workflow. */
const TOLERANT: LoadedDataConverter = {
  payloadConverter,
  failureConverter: defaultFailureConverter,
  payloadCodecs: [],
}

/**
 * Connects to Temporal by its own variables and profile, for commands and the gateway.
 * @param identity the name that Temporal's histories show for starts and messages; by default this process.
 * @throws AppError `environment_invalid`; within 7 seconds `temporal_unreachable`, `temporal_auth_failed`,
 * `temporal_tls_required`, `temporal_tls_failed` (retryable), naming the address.
 */
export async function connectTemporal(
  variables?: Readonly<Record<string, string>>,
  timeoutMs = CONNECT_TIMEOUT_MS,
  identity?: string,
): Promise<TemporalClient> {
  const profile = readTemporalProfile(variables)
  const { address, namespace, connectionOptions } = profile
  const connection = await Connection.connect({
    ...connectionOptions,
    connectTimeout: timeoutMs,
  }).catch(async (error: unknown) => {
    throw await whyNotConnected(profile, error)
  })
  const client = new Client({
    connection,
    namespace,
    dataConverter: TOLERANT,
    ...(identity === undefined ? {} : { identity }),
  })
  return { client, connection, address, namespace }
}
