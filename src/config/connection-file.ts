import type { z } from 'zod'
import type { Secret } from './secret.js'
import type { connectionSettingsSchema } from './connection-settings.js'

/** Where a secret comes from: a variable of the process (only its name is stored), or the file itself. */
export type SecretSource = { readonly env: string } | { readonly literal: Secret }

/** What a connection is to do, without its CRM's section. */
export type ConnectionSettings = z.output<typeof connectionSettingsSchema>

/** A connection file, checked. Secrets stand apart from the rest, by their dotted path in the file. */
export interface ConnectionFile extends ConnectionSettings {
  /** Key of the CRM's own section: `dynamics`. */
  readonly sectionName: string
  /** That section as the driver's schema gave it back, without its secrets. */
  readonly section: Readonly<Record<string, unknown>>
  /** `dynamics.clientSecret`, `emarketeer.publicApiKey`. */
  readonly secrets: Readonly<Record<string, SecretSource>>
}
