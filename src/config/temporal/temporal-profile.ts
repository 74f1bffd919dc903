import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig'
import { AppError } from '../../contracts/app-error.js'
import type { Variables } from '../environment/sections.js'
import { describeSecret, variableOf } from '../environment/variable.js'

/** Temporal's address if neither its variables nor its profile set one. */
const DEFAULT_ADDRESS = 'localhost:7233'
const DEFAULT_NAMESPACE = 'default'

/** How long a process waits for Temporal before it reports a failure, ms. */
export const CONNECT_TIMEOUT_MS = 5_000

/** How to reach Temporal. */
export interface TemporalProfile {
  readonly address: string
  readonly namespace: string
  readonly connectionOptions: ClientConnectConfig['connectionOptions'] & {
    readonly address: string
  }
}

/** Whether the connection to Temporal uses TLS: an API key turns it on too. */
export function isEncrypted({
  connectionOptions: { tls },
}: {
  readonly connectionOptions: { readonly tls?: unknown }
}): boolean {
  return tls !== undefined && tls !== null && tls !== false
}

/**
 * Reads Temporal's own variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_API_KEY`, `TEMPORAL_TLS_…`) and
 * profile file with Temporal's own package, so that they mean the same here as in Temporal's other tools.
 * @throws AppError `environment_invalid` for an invalid address, a key of several lines, and a profile or certificate
 * file that is unreadable or invalid; `path` is the variable that set it, or TEMPORAL_CONFIG_FILE.
 */
export function readTemporalProfile(variables: Variables = process.env): TemporalProfile {
  const { connectionOptions, namespace = DEFAULT_NAMESPACE } = load(variables)
  const address = connectionOptions.address ?? DEFAULT_ADDRESS
  const given = Object.entries(connectionOptions).filter(([, value]) => value !== undefined)
  const profile = {
    address,
    namespace,
    connectionOptions: { ...Object.fromEntries(given), address },
  }
  refuseOdd(profile, variables)
  return profile
}

/** Refuses values for which Temporal's client would wait without end, or which it would quote. */
function refuseOdd({ address, connectionOptions }: TemporalProfile, variables: Variables): void {
  if (/[/\s@?#]/.test(address) || !URL.canParse(`http://${address}`)) {
    const what = /:\/\//.test(address) ? ', without what stands before ://' : ''
    throw invalid(
      'TEMPORAL_ADDRESS',
      `must be a host and a port, such as temporal.example:7233${what}`,
      // The address is hidden if it may contain a user and a password.
      address.includes('@') ? null : address,
      variables,
    )
  }
  const { apiKey } = connectionOptions
  if (typeof apiKey === 'string' && !/^[\x21-\x7e]*$/.test(apiKey)) {
    throw invalid(
      'TEMPORAL_API_KEY',
      'must be one line of letters, digits and signs, without blanks',
      describeSecret(apiKey),
      variables,
    )
  }
}

function invalid(name: string, what: string, value: string | null, variables: Variables): AppError {
  const isVariable = variableOf(variables, name) !== undefined
  return new AppError(
    'environment_invalid',
    `${name}${isVariable ? '' : ", from Temporal's profile file,"} ${what}.`,
    {
      path: isVariable ? name : 'TEMPORAL_CONFIG_FILE',
      value,
    },
  )
}

function load(variables: Variables): ClientConnectConfig {
  const given = trimmed(variables)
  try {
    return loadClientConnectConfig({ overrideEnvVars: given })
  } catch (error) {
    const { code, path } = error as Partial<Record<'code' | 'path', unknown>>
    const name = Object.keys(given).find(
      (one) => one.startsWith('TEMPORAL_') && given[one] === path,
    )
    if (name !== undefined && typeof path === 'string') {
      throw new AppError(
        'environment_invalid',
        `The file that ${name} names cannot be read (${String(code)}).`,
        {
          path: name,
          value: path,
        },
      )
    }
    // The cause is not shown: the parser quotes the file, which may hold an API key.
    throw new AppError(
      'environment_invalid',
      "Temporal's profile file or TEMPORAL_* variables cannot be read; check TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE.",
      { path: 'TEMPORAL_CONFIG_FILE' },
    )
  }
}

/**
 * Temporal's package uses values unchanged, but a key that ends in a line break is not a valid header, and such an
 * address not a valid host.
 */
function trimmed(variables: Variables): Record<string, string> {
  const values = Object.keys(variables).map((name) => [
    name,
    name.startsWith('TEMPORAL_') ? variableOf(variables, name) : variables[name],
  ])
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}
