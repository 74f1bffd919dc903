import { isIP } from 'node:net'
import { z } from 'zod'
import { checkUrl, HOST_PATTERN } from '../../http/check-url.js'
import { LOG_LEVELS, readLogLevel, type LogLevel } from '../../telemetry/log-level.js'
import { Secret } from '../secrets/secret.js'

/** The gateway's port if GATEWAY_PORT is not set. */
const DEFAULT_GATEWAY_PORT = 8080

/** Shorter keys can be guessed. Required of the keys that the operator chooses. */
const MIN_KEY_CHARACTERS = 32

/** SECRETS_KEY itself has the minimum length: this message is about the key that replaces it. */
const TOO_SHORT_TO_SEAL = `is too short to seal secrets under: set SECRETS_KEY, with at least ${MIN_KEY_CHARACTERS} characters`

/**
 * It is sent in a header: a line break in it would cause a fault in the network's library, which is retried forever.
 */
const oneLine = z
  .string()
  .regex(/^[\x21-\x7e]*$/, 'must be one line of letters, digits and signs, without blanks')

const secret = oneLine.transform((value) => new Secret(value))

const madeUpKey = oneLine
  .min(MIN_KEY_CHARACTERS, `must have at least ${MIN_KEY_CHARACTERS} characters`)
  .transform((value) => new Secret(value))

/** An address without a slash at its end, so that paths can be appended. */
const webAddress = (allowLoopbackHttp: boolean) =>
  z
    .string()
    .superRefine((text, context) => {
      const fault = checkUrl(text, allowLoopbackHttp)
      if (fault !== null) {
        context.addIssue({ code: 'custom', message: fault.message })
      }
    })
    .transform((text) => text.replace(/\/+$/, ''))

const databaseUrl = z
  .string()
  .refine(
    (text) => URL.canParse(text) && /^postgres(?:ql)?:$/.test(new URL(text).protocol),
    'must be an address that begins with postgres:// or postgresql://',
  )
  .transform((value) => new Secret(value))

const MOST_CONNECTIONS = 500

/** At least two: work that holds one renews its leases by another. */
const databaseConnections = z
  .string()
  .regex(/^\d{1,3}$/, 'must be a number of connections')
  .transform(Number)
  .refine(
    (value) => value >= 2 && value <= MOST_CONNECTIONS,
    `must be a number of connections from 2 to ${MOST_CONNECTIONS}`,
  )
  .optional()

/** Shorter ones can be guessed by anyone who reaches the server. */
const MIN_PASSWORD_CHARACTERS = 16

/** Password of a login that we create. It is put into a URL unencoded. */
const databasePassword = z
  .string()
  .regex(
    new RegExp(`^[A-Za-z0-9._~-]{${MIN_PASSWORD_CHARACTERS},}$`),
    `must have at least ${MIN_PASSWORD_CHARACTERS} characters: letters, digits, and . _ ~ -`,
  )
  .transform((value) => new Secret(value))
  .optional()

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a port number')

/** Addresses and ranges: `10.0.0.0/8, 192.0.2.7`. A range of all addresses would trust everybody. */
const addressRanges = z
  .string()
  .transform((text) => text.split(',').map((range) => range.trim()))
  .refine(
    (ranges) => ranges.every(isAddressRange),
    'must be addresses or ranges such as 10.0.0.0/8, separated by commas',
  )

function isAddressRange(text: string): boolean {
  const [, address = '', prefix] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? []
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0
  return bits > 0 && (prefix === undefined || (Number(prefix) >= 1 && Number(prefix) <= bits))
}

/** Temporal and its command line accept more characters; these need no quotes anywhere. */
const buildId = z
  .string()
  .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, ".", "_" and "-"')

/** What every process reads. */
export const commonSchema = z
  .object({
    CONNECTION_HOSTS: z
      .string()
      .default('')
      .transform((text) =>
        text
          .toLowerCase()
          .split(',')
          .map((host) => host.trim())
          .filter((host) => host !== ''),
      )
      .refine((hosts) => hosts.every((host) => HOST_PATTERN.test(host)), {
        error: 'must be hosts apart by commas, such as crm.fjord.no or *.fjord.no',
      }),
    ALLOW_LOOPBACK_HTTP: z.enum(['true', 'false'], 'must be true or false').default('false'),
    LOG_LEVEL: z
      .string()
      .default('info')
      .transform((text, context) => {
        const level = readLogLevel(text)
        if (level === undefined) {
          context.addIssue({ code: 'custom', message: `must be one of ${LOG_LEVELS.join(', ')}` })
          return z.NEVER
        }
        return level
      }),
  })
  .transform((given) => ({
    allowLoopbackHttp: given.ALLOW_LOOPBACK_HTTP === 'true',
    allowedHosts: given.CONNECTION_HOSTS,
    logLevel: given.LOG_LEVEL,
  }))

type SectionSchemas = {
  readonly [Name in keyof EnvironmentSections]: (
    allowLoopbackHttp: boolean,
  ) => z.ZodType<EnvironmentSections[Name]>
}

/** One schema a section; it ignores other variables. */
export const SECTION_SCHEMAS: SectionSchemas = {
  database: () =>
    z
      .object({ DATABASE_URL: databaseUrl, DATABASE_CONNECTIONS: databaseConnections })
      .transform((given) => ({
        url: given.DATABASE_URL,
        maxConnections: given.DATABASE_CONNECTIONS ?? null,
      })),
  logins: () =>
    z
      .object({
        WORKER_DATABASE_PASSWORD: databasePassword,
        GATEWAY_DATABASE_PASSWORD: databasePassword,
        CLI_DATABASE_PASSWORD: databasePassword,
      })
      .transform((given) => ({
        logins: [
          ['lbsync_worker', given.WORKER_DATABASE_PASSWORD] as const,
          ['lbsync_gateway', given.GATEWAY_DATABASE_PASSWORD] as const,
          ['lbsync_cli', given.CLI_DATABASE_PASSWORD] as const,
        ].flatMap(([name, password]) => (password === undefined ? [] : [{ name, password }])),
      })),
  emarketeer: (allowLoopbackHttp) =>
    z
      .object({
        EMARKETEER_SYNC_URL: webAddress(allowLoopbackHttp),
        EMARKETEER_API_KEY: secret,
        EMARKETEER_CONNECT_URL: webAddress(allowLoopbackHttp).optional(),
        EMARKETEER_APIGW_URL: webAddress(allowLoopbackHttp).optional(),
      })
      .transform((given) => ({
        syncUrl: given.EMARKETEER_SYNC_URL,
        apiKey: given.EMARKETEER_API_KEY,
        connectUrl: given.EMARKETEER_CONNECT_URL ?? null,
        apigwUrl: given.EMARKETEER_APIGW_URL ?? null,
      })),
  gateway: (allowLoopbackHttp) =>
    z
      .object({
        PUBLIC_URL: webAddress(allowLoopbackHttp),
        GATEWAY_PORT: port.default(DEFAULT_GATEWAY_PORT),
        GATEWAY_API_KEY: madeUpKey.optional(),
        TRUSTED_PROXIES: addressRanges.optional(),
      })
      .transform((given) => ({
        publicUrl: given.PUBLIC_URL,
        port: given.GATEWAY_PORT,
        apiKey: given.GATEWAY_API_KEY ?? null,
        trustedProxies: given.TRUSTED_PROXIES ?? [],
      })),
  build: () =>
    z
      .object({ BUILD_ID: buildId.optional() })
      .transform((given) => ({ id: given.BUILD_ID ?? null })),
  secrets: () =>
    z
      .object({ SECRETS_KEY: madeUpKey.optional(), EMARKETEER_API_KEY: secret.optional() })
      .transform((given, context) => {
        // The service key still opens what it sealed before SECRETS_KEY was set.
        const [first, ...others] = [given.SECRETS_KEY, given.EMARKETEER_API_KEY].filter(
          (key) => key !== undefined,
        )
        if (first === undefined) {
          context.addIssue({ code: 'custom', path: ['EMARKETEER_API_KEY'], message: 'is not set' })
          return z.NEVER
        }
        if (first.reveal().length < MIN_KEY_CHARACTERS) {
          context.addIssue({
            code: 'custom',
            path: ['EMARKETEER_API_KEY'],
            message: TOO_SHORT_TO_SEAL,
          })
          return z.NEVER
        }
        return { vaultKeys: [first, ...others] as const }
      }),
}

/** Variables as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>

/**
 * A named part of the environment; a process reads only the parts that it needs, so `migrate` needs DATABASE_URL alone.
 */
export type EnvironmentSection = keyof EnvironmentSections

/** The values of each part. */
export interface EnvironmentSections {
  readonly database: {
    /** Holds the password. */
    readonly url: Secret
    /** Most connections of this process; null: not set. */
    readonly maxConnections: number | null
  }
  readonly logins: {
    /** For `lbsync migrate`: the logins that it creates, by their names in PostgreSQL. */
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
    /** Address at which webhooks reach the gateway from outside, without a slash at the end. */
    readonly publicUrl: string
    readonly port: number
    /** Bearer key with which a campaign service reads lists; null: that API is closed. */
    readonly apiKey: Secret | null
    /** Addresses and ranges of the proxies whose X-Forwarded-For is trusted. */
    readonly trustedProxies: readonly string[]
  }
  readonly build: {
    /** The operator's name of this build (BUILD_ID); null: it is named after its code. */
    readonly id: string | null
  }
  readonly secrets: {
    /** For {@link createSecretsVault}: the first key seals, all of them open. */
    readonly vaultKeys: readonly [Secret, ...Secret[]]
  }
}

/** The requested sections, and what every process has. */
export type Environment<Section extends EnvironmentSection> = Pick<EnvironmentSections, Section> & {
  readonly allowLoopbackHttp: boolean
  /** Hosts that a connection file may name besides the CRM's known hosts. */
  readonly allowedHosts: readonly string[]
  readonly logLevel: LogLevel
}
