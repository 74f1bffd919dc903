import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from '../../contracts/app-error.js'
import type { Secret } from './secret.js'

/**
 * The place that a secret belongs to. A sealed value opens only there: it cannot be moved to another connection or
 * field.
 */
export interface SecretScope {
  readonly connectionId: string
  /** Path in the connection file: `dynamics.clientSecret`. */
  readonly field: string
}

/** Seals the secrets of connection files for the database, and opens them. */
export interface SecretsVault {
  /** Seals a secret. @returns text of the form `v1.<key id>.<base64url>`, different each time. */
  seal(plain: string, scope: SecretScope): string
  /**
   * Opens a sealed secret. @throws AppError `environment_invalid` (sealed under an unknown key) or `value_invalid`
   * (altered, moved).
   */
  open(sealed: string, scope: SecretScope): string
}

const VERSION = 'v1'
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
/** 96 bits, random for each value: NIST SP 800-38D, far below 2^32 values a key. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

interface VaultKey {
  readonly id: string
  readonly key: Buffer
}

/**
 * Creates a vault whose first key seals; all of them open.
 * @param sources SECRETS_KEY, then EMARKETEER_API_KEY. Each is turned into a separate key by HKDF-SHA256, so that
 * stored data reveals nothing about the service key. They should be random: HKDF does not strengthen a weak word.
 */
export function createSecretsVault(sources: readonly [Secret, ...Secret[]]): SecretsVault {
  const [current, ...earlier] = sources.map(deriveKey)
  const keys = new Map([current, ...earlier].flatMap((key) => (key ? [[key.id, key]] : [])))
  return {
    seal(plain, scope) {
      return sealWith(current as VaultKey, plain, scope)
    },
    open(sealed, scope) {
      const [version, keyId = '', body = '', ...rest] = sealed.split('.')
      if (version !== VERSION || body === '' || rest.length > 0) {
        throw doesNotOpen(scope)
      }
      const key = keys.get(keyId)
      if (key === undefined) {
        throw new AppError(
          'environment_invalid',
          `The secret ${scope.field} of connection ${scope.connectionId} was sealed under another key than the one ` +
            'SECRETS_KEY or EMARKETEER_API_KEY gives. Restore the key, or apply the connection file again.',
          { path: 'SECRETS_KEY' },
        )
      }
      return openWith(key, Buffer.from(body, 'base64url'), scope)
    },
  }
}

function deriveKey(source: Secret): VaultKey {
  const key = Buffer.from(
    hkdfSync('sha256', source.reveal(), '', 'legal-basis-sync/secrets/v1', KEY_BYTES),
  )
  // The id is 32 bits of the derived key's hash: enough to select a key, no help in guessing it.
  return { key, id: createHash('sha256').update('key-id').update(key).digest('hex').slice(0, 8) }
}

function sealWith({ id, key }: VaultKey, plain: string, scope: SecretScope): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(boundTo(id, scope))
  const body = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final()])
  return `${VERSION}.${id}.${Buffer.concat([body, cipher.getAuthTag()]).toString('base64url')}`
}

function openWith({ id, key }: VaultKey, body: Buffer, scope: SecretScope): string {
  if (body.length < NONCE_BYTES + TAG_BYTES) {
    throw doesNotOpen(scope)
  }
  const decipher = createDecipheriv(CIPHER, key, body.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
    .setAAD(boundTo(id, scope))
    .setAuthTag(body.subarray(-TAG_BYTES))
  try {
    const text = body.subarray(NONCE_BYTES, -TAG_BYTES)
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
  } catch {
    throw doesNotOpen(scope)
  }
}

/** JSON, so that no two pairs of connection id and field produce the same text. */
function boundTo(keyId: string, { connectionId, field }: SecretScope): Buffer {
  return Buffer.from(JSON.stringify([VERSION, keyId, connectionId, field]))
}

function doesNotOpen({ connectionId, field }: SecretScope): AppError {
  return new AppError(
    'value_invalid',
    `The stored secret ${field} of connection ${connectionId} was altered or moved. Apply the connection file again.`,
    { path: field },
  )
}
