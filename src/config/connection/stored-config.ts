import { z } from 'zod'
import { AppError } from '../../contracts/app-error.js'
import {
  type ConnectionFile,
  type ConnectionSettings,
  type SecretSource,
  connectionSettingsSchema,
  PUBLIC_API_KEY_PATH,
} from './connection-file.js'
import type { Variables } from '../environment/sections.js'
import { throwProblems, type Problem } from '../../contracts/problems.js'
import { withPath, type JsonRecord } from './json-object.js'
import { secretMissing } from './secret-source.js'
import { Secret } from '../secrets/secret.js'
import type { SecretsVault } from '../secrets/secrets-vault.js'
import { variableOf } from '../environment/variable.js'

const storedSecretSchema = z.union([
  z.strictObject({ env: z.string() }),
  z.strictObject({ sealed: z.string() }),
])

type StoredSecret = z.output<typeof storedSecretSchema>

/** Not strict: a newer release may have added keys. */
const storedConfigSchema = z.object({
  ...connectionSettingsSchema.shape,
  sectionName: z.string(),
  section: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), storedSecretSchema),
})

/**
 * A connection's configuration as the database stores it: plain JSON. Each secret is the name of a variable, or sealed
 * for this connection and field; none is readable.
 */
export type StoredConfig = Readonly<z.output<typeof storedConfigSchema>>

/** A connection ready for use. Its secrets are readable, in memory only. */
export interface ResolvedConfig {
  readonly settings: ConnectionSettings
  /** For `CrmDriver.open`: the section with its secrets. Never logged, stored, or passed to a workflow. */
  readonly crmConfig: JsonRecord
  /** For creating contacts; null if `createMissing` is `none`. */
  readonly publicApiKey: Secret | null
}

/** Where stored secrets are read from. */
export interface SecretPlaces {
  readonly env: Variables
  readonly vault: SecretsVault
}

/** Converts a checked file to the form that is stored. */
export function toStoredConfig(file: ConnectionFile, vault: SecretsVault): StoredConfig {
  const seal = (field: string, source: SecretSource) =>
    'env' in source
      ? { env: source.env }
      : {
          sealed: vault.seal(source.literal.reveal(), { connectionId: file.connectionId, field }),
        }
  const secrets = Object.entries(file.secrets).map(([path, source]) => [path, seal(path, source)])
  return { ...file, secrets: Object.fromEntries(secrets) as StoredConfig['secrets'] }
}

/**
 * Reads the secrets of a stored configuration from the process's environment and the vault.
 * @param stored what the database holds.
 * @throws ProblemsError `secret_missing`, which lists all missing secrets; AppError `value_invalid` or
 * `environment_invalid` if the stored form is not readable or a sealed secret does not open. Not retryable.
 */
export function resolveStoredConfig(stored: unknown, options: SecretPlaces): ResolvedConfig {
  const { sectionName, section, secrets, ...settings } = readStored(stored)
  const { connectionId } = settings
  const problems: Problem[] = []
  let crmConfig: JsonRecord = section
  let publicApiKey: Secret | null = null
  for (const [path, secret] of Object.entries(secrets)) {
    const value =
      'env' in secret
        ? variableOf(options.env, secret.env)
        : options.vault.open(secret.sealed, { connectionId, field: path }).trim()
    if (value === undefined || value === '') {
      problems.push(secretMissing('env' in secret ? secret.env : path, path))
    } else if (path === PUBLIC_API_KEY_PATH) {
      publicApiKey = new Secret(value)
    } else {
      crmConfig = withPath(crmConfig, path.slice(sectionName.length + 1), value)
    }
  }
  throwProblems(problems)
  return { settings, crmConfig, publicApiKey }
}

/** One secret of a stored configuration, for diagnosis. */
export interface SecretLook {
  /** Path in the file. */
  readonly path: string
  /** Variable that holds it; null: it is sealed. */
  readonly variable: string | null
  /** The value, with any white space around it; or `secret_missing`, or the reason why it does not open. */
  readonly found: Secret | AppError
}

/** Reads each secret separately. @throws AppError `value_invalid` if the stored form is not readable. */
export function lookAtStoredSecrets(stored: unknown, places: SecretPlaces): readonly SecretLook[] {
  const { secrets, connectionId } = readStored(stored)
  return Object.entries(secrets).map(([path, secret]) => ({
    path,
    variable: 'env' in secret ? secret.env : null,
    found: foundOf(secret, path, connectionId, places),
  }))
}

function foundOf(
  secret: StoredSecret,
  path: string,
  connectionId: string,
  { env, vault }: SecretPlaces,
): Secret | AppError {
  try {
    const value =
      'env' in secret ? env[secret.env] : vault.open(secret.sealed, { connectionId, field: path })
    if (value === undefined || value.trim() === '') {
      const { code, message } = secretMissing('env' in secret ? secret.env : path, path)
      return new AppError(code, message, { path })
    }
    return new Secret(value)
  } catch (error) {
    if (error instanceof AppError) {
      return error
    }
    throw error
  }
}

/** The configuration as `connection show` prints it: in the file's form, with `***` for sealed secrets. */
export function redactConfig(stored: unknown): JsonRecord {
  const { sectionName, section, secrets, ...settings } = readStored(stored)
  return Object.entries(secrets).reduce<JsonRecord>(
    (shown, [path, secret]) => withPath(shown, path, 'env' in secret ? { env: secret.env } : '***'),
    { ...settings, [sectionName]: section },
  )
}

function readStored(stored: unknown): StoredConfig {
  const parsed = storedConfigSchema.safeParse(stored)
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path }) => path.join('.')).join(', ')
    throw new AppError(
      'value_invalid',
      `The stored configuration of a connection is not readable (${where}). Apply its file again.`,
    )
  }
  return parsed.data
}
