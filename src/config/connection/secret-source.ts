import type { SecretSource } from './connection-file.js'
import type { Variables } from '../environment/sections.js'
import type { Problem } from '../../contracts/problems.js'
import { Secret } from '../secrets/secret.js'
import { variableOf } from '../environment/variable.js'

/** Capitals only, as is usual: a secret that was pasted in place of a name is refused, and not shown. */
const VARIABLE_NAME = /^[A-Z_][A-Z0-9_]{0,127}$/

/** Above the length of a private key (PEM), the longest secret. */
const MAX_SECRET_CHARACTERS = 16_384

/** A secret of a file, with its value for checking the section; or the problem with it. */
export type SecretReading =
  { readonly source: SecretSource; readonly value: string } | { readonly problem: Problem }

/** What reading a file's secrets needs. */
export interface SecretReadingOptions {
  /** Where `{"env":"NAME"}` is looked up. */
  readonly env: Variables
  /** Connection whose variables it may name; null: any variable, because its addresses are on this machine. */
  readonly connectionId: string | null
}

/**
 * Reads one secret of a connection file: `{"env":"NAME"}` or text.
 * @param given the value in the file at `path`; never shown.
 */
export function readSecretSource(
  given: unknown,
  path: string,
  { env, connectionId }: SecretReadingOptions,
): SecretReading {
  if (typeof given === 'string') {
    return given.trim() === '' || given.length > MAX_SECRET_CHARACTERS
      ? invalid(path, `must have 1 to ${MAX_SECRET_CHARACTERS} characters`)
      : { source: { literal: new Secret(given.trim()) }, value: given.trim() }
  }
  const name = nameIn(given)
  if (name === null) {
    return invalid(path, 'must be {"env":"NAME"}, NAME in capitals, or text')
  }
  const value = variableOf(env, name)
  if (value === undefined) {
    return { problem: secretMissing(name, path) }
  }
  const fault = faultOfVariable(name, connectionId)
  if (fault !== null) {
    return invalid(path, fault)
  }
  return { source: { env: name }, value }
}

/** The problem of a secret whose variable is not set. It shows the name, which is not secret. */
export function secretMissing(name: string, path: string): Problem {
  return {
    code: 'secret_missing',
    message: `The environment variable ${name}, which ${path} names, is not set.`,
    path,
    value: null,
  }
}

function nameIn(given: unknown): string | null {
  if (typeof given !== 'object' || given === null || Object.keys(given).join() !== 'env') {
    return null
  }
  const { env } = given as { env: unknown }
  return typeof env === 'string' && VARIABLE_NAME.test(env) ? env : null
}

function invalid(path: string, what: string): SecretReading {
  return {
    problem: {
      code: 'value_invalid',
      message: `${path} is not valid: ${what}.`,
      path,
      value: '***',
    },
  }
}

/**
 * Prefix of variables with secrets that several tenants share, such as the key of the SuperOffice application: every
 * connection file may name them.
 */
const SHARED_PREFIX = 'LBSYNC_SECRET_'

/** Variables of the service and of its machine, which no connection may name, for any id. */
const NOBODYS =
  /^(?:DATABASE_URL$|EMARKETEER_|GATEWAY_|SECRETS_KEY$|PUBLIC_URL$|\w+_DATABASE_PASSWORD$|TEMPORAL_|PG|NODE_|NPM_|AWS_|AZURE_|GOOGLE_|GCP_|GITHUB_|GITLAB_|CI_|DOCKER_|KUBERNETES_|VAULT_|SSH_|OTEL_|LD_)/

/**
 * The problem with a variable that a connection's file names, or null. A file may name shared variables, and those that
 * begin with the first word of the connection's id: the value of any other variable would go to the host that the file
 * names.
 * @param connectionId null: all hosts of the file are this machine (a trial).
 */
function faultOfVariable(variable: string, connectionId: string | null): string | null {
  if (NOBODYS.test(variable)) {
    return `must not be ${variable}, which belongs to this service or its machine`
  }
  const [tenant = ''] = connectionId?.split('-') ?? []
  const own = /^[a-z]/.test(tenant) ? [`${tenant.toUpperCase()}_`] : []
  const prefixes = [...own, SHARED_PREFIX]
  return connectionId === null || prefixes.some((prefix) => variable.startsWith(prefix))
    ? null
    : `must not be ${variable}: the file of ${connectionId} may name variables that begin with ${prefixes.join(' or ')}`
}
