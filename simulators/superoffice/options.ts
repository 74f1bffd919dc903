import { z } from 'zod'
import { DEFAULT_SWITCHES, switchesSchema, type Switches } from './switches.js'

const optionsSchema = z.strictObject({
  port: z.int().nonnegative().default(0),
  mode: z.enum(['online', 'onsite']).default('online'),
  /** Online: the tenant. On-site webhooks have `Default`. */
  contextIdentifier: z.string().default('Cust12345'),
  /** Online: the application's client secret, also `SO-AppToken`. */
  clientSecret: z.string().default('simulator-client-secret'),
  systemUserToken: z.string().default('Legal basis sync-8k8Q7DmBgo'),
  /** The associate of the API's user. */
  associateId: z.int().positive().default(316),
  /** On-site: path of the Web API below the host, without `/api`. */
  virtualDirectory: z.string().default('/SuperOffice'),
  user: z.string().default('adm0'),
  password: z.string().default(''),
  /** On-site: the host in links of answers. */
  internalHost: z.string().default('http://so-app01.internal'),
  /** On-site: `#` before keys, no archive POST, no webhooks, no nextLink at the end. */
  older: z.boolean().default(false),
  /** On-site: serves https with a certificate of its own authority, made with openssl. */
  tls: z.boolean().default(false),
  /** On-site: `EnableWebhooks` in the configuration. */
  enableWebhooks: z.boolean().default(false),
  /** For tests on loopback; without it a webhook target must be https. */
  allowHttpWebhooks: z.boolean().default(false),
  /** Factor on the waits between webhook attempts; 0.001 makes 1 s to 1 ms. */
  webhookTimeScale: z.number().positive().default(1),
  /** How long the tenant's status is valid, seconds. */
  stateValidSeconds: z.number().positive().default(3600),
  seed: z.int().default(1),
  switches: switchesSchema.partial().default({}),
})

/** Options at the start (docs/simulators-superoffice.md). */
export type SuperofficeOptions = z.input<typeof optionsSchema>
export type FilledOptions = z.output<typeof optionsSchema>

/** Checks options and adds defaults; throws for a misspelt one. */
export function fillOptions(given: SuperofficeOptions): FilledOptions {
  return optionsSchema.parse(given)
}

export function startingSwitches(options: FilledOptions): Switches {
  const older = options.mode === 'onsite' && options.older
  const given = Object.fromEntries(
    Object.entries(options.switches).filter(([, value]) => value !== undefined),
  )
  return {
    ...DEFAULT_SWITCHES,
    ...(options.mode === 'onsite' && !options.enableWebhooks ? { webhookAgent: 'forbidden' } : {}),
    ...(older ? { webhookAgent: 'absent', archivePost: false, lastPage: 'nextLinkAbsent' } : {}),
    ...given,
  }
}
