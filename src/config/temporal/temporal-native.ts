import { NativeConnection } from '@temporalio/worker'
import { CONNECT_TIMEOUT_MS, readTemporalProfile } from './temporal-profile.js'
import { whyNotConnected } from './why-not-connected.js'

/** A worker's connection to Temporal. The caller closes `connection`, after the workers have ended. */
export interface TemporalNativeConnection {
  readonly connection: NativeConnection
  readonly address: string
  readonly namespace: string
}

/**
 * Connects workers to Temporal. It is separate from the client's file because it loads Temporal's native core, which
 * commands do not need. Call `installTemporalRuntime` first: the first connection creates the core.
 * @throws AppError as `connectTemporal` does.
 */
export async function connectTemporalNative(
  variables?: Readonly<Record<string, string>>,
  timeoutMs = CONNECT_TIMEOUT_MS,
): Promise<TemporalNativeConnection> {
  const profile = readTemporalProfile(variables)
  const { address, namespace, connectionOptions } = profile
  const connecting = NativeConnection.connect(connectionOptions)
  const connection = await within(connecting, timeoutMs).catch(async (error: unknown) => {
    throw await whyNotConnected(profile, error)
  })
  if (connection === null) {
    // The core has no time-out of its own; a connection that arrives late is closed.
    connecting
      .then(
        (late) => late.close(),
        () => undefined,
      )
      .catch(() => undefined)
    throw await whyNotConnected(profile)
  }
  return { connection, address, namespace }
}

/** Waits for a promise, at most `timeoutMs`. @returns null when the time is over. */
async function within<Value>(promise: Promise<Value>, timeoutMs: number): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs)
  })
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer))
}
