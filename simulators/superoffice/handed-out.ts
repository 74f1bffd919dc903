import type { KeyPairs } from './auth/key-pairs.js'
import type { Installation } from './installation.js'

/** The data that the administrator of a connection receives; in the ready line and at `GET facts`. */
export interface HandedOut {
  readonly mode: 'online' | 'onsite'
  /** The API below the host, with `/v1`. Online it moves: the tenant's status contains the current one. */
  readonly apiUrl: string
  /** The API's user in stamps and webhooks. */
  readonly associateId: number
  readonly online?: {
    readonly loginUrl: string
    readonly contextIdentifier: string
    readonly clientSecret: string
    readonly systemUserToken: string
    readonly privateKeyPem: string
  }
  readonly onsite?: {
    readonly user: string
    readonly password: string
    /** The customer's own authority, if the server speaks TLS. */
    readonly caPem: string | null
  }
}

export function handedOut(
  world: Installation,
  frontUrl: string,
  keys: KeyPairs,
  caPem: string | undefined,
): HandedOut {
  const { options } = world
  const common = {
    mode: options.mode,
    apiUrl: `${world.apiHost}${world.apiPath()}/v1`,
    associateId: options.associateId,
  }
  return options.mode === 'online'
    ? {
        ...common,
        online: {
          loginUrl: frontUrl,
          contextIdentifier: options.contextIdentifier,
          clientSecret: options.clientSecret,
          systemUserToken: options.systemUserToken,
          privateKeyPem: keys.application.privateKeyPem,
        },
      }
    : {
        ...common,
        onsite: { user: options.user, password: options.password, caPem: caPem ?? null },
      }
}
