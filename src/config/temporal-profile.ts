import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig'
import { AppError } from '../contracts/app-error.js'
import type { Variables } from './environment-sections.js'
import { variableOf } from './variable.js'

/** Where Temporal is, unless its variables or profile say otherwise. */
const DEFAULT_ADDRESS = 'localhost:7233'
const DEFAULT_NAMESPACE = 'default'

/** How long a process waits for Temporal before it says so. */
export const CONNECT_TIMEOUT_MS = 5_000

/** How to reach Temporal. */
export interface TemporalProfile {
  readonly address: string
  readonly namespace: string
  readonly connectionOptions: ClientConnectConfig['connectionOptions'] & {
    readonly address: string
  }
}

/**
 * Reads Temporal's own variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`) and
 * profile file, by its own package, so that they mean here what they mean to Temporal's other tools.
 *
 * @throws AppError `environment_invalid` for a profile file that is not readable or not valid.
 */
export function readTemporalProfile(variables?: Readonly<Record<string, string>>): TemporalProfile {
  const { connectionOptions, namespace = DEFAULT_NAMESPACE } = load(variables)
  const address = connectionOptions.address ?? DEFAULT_ADDRESS
  const given = Object.entries(connectionOptions).filter(([, value]) => value !== undefined)
  return { address, namespace, connectionOptions: { ...Object.fromEntries(given), address } }
}

function load(variables: Readonly<Record<string, string>> | undefined): ClientConnectConfig {
  try {
    return loadClientConnectConfig({ overrideEnvVars: trimmed(variables ?? process.env) })
  } catch {
    // Not shown: the parser quotes the file, which may hold an API key.
    throw new AppError(
      'environment_invalid',
      "Temporal's profile file or TEMPORAL_* variables cannot be read; check TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE.",
      { path: 'TEMPORAL_CONFIG_FILE' },
    )
  }
}

/** Its package takes values as they are: a key that ends in a line break is no header, and an address no host. */
function trimmed(variables: Variables): Record<string, string> {
  const values = Object.keys(variables).map((name) => [
    name,
    name.startsWith('TEMPORAL_') ? variableOf(variables, name) : variables[name],
  ])
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}
