import type { LogLevel } from './log-level.js'
import type { Secret } from './secret.js'

/** Variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>

/** A named part of the environment; a process reads only what it needs, so `migrate` needs DATABASE_URL alone. */
export type EnvironmentSection = keyof EnvironmentSections

/** What each part holds. */
export interface EnvironmentSections {
  readonly database: {
    /** Holds the password. */
    readonly url: Secret
  }
  readonly logins: {
    /** For `lbsync migrate`: the logins that it makes, by their names in PostgreSQL. */
    readonly logins: readonly { readonly name: string; readonly password: Secret }[]
  }
  readonly emarketeer: {
    readonly syncUrl: string
    /** Service key, for `x-api-key`. */
    readonly apiKey: Secret
    /** Public contacts API; needed only where a connection has `createMissing: "emarketeer"`. */
    readonly connectUrl: string | null
    /** Public API; needed only where a connection has `createMissing: "emarketeer"`. */
    readonly apigwUrl: string | null
  }
  readonly gateway: {
    /** Where webhooks reach the gateway from outside, without a slash at the end. */
    readonly publicUrl: string
    readonly port: number
    /** Bearer key with which a campaign service reads lists; null: that part is closed. */
    readonly apiKey: Secret | null
    /** Addresses and ranges of the proxies whose X-Forwarded-For is believed. */
    readonly trustedProxies: readonly string[]
  }
  readonly build: {
    /** What operators call this build (BUILD_ID); null: it is told by its code. */
    readonly id: string | null
  }
  readonly secrets: {
    /** For {@link createSecretsVault}: the first seals, all open. */
    readonly vaultKeys: readonly [Secret, ...Secret[]]
  }
}

/** The sections asked for, and what every process has. */
export type Environment<Section extends EnvironmentSection> = Pick<EnvironmentSections, Section> & {
  readonly allowLoopbackHttp: boolean
  /** Hosts that a connection file may name beside those that a CRM is known by. */
  readonly allowedHosts: readonly string[]
  readonly logLevel: LogLevel
}
