import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** The keys of the sign-in host and of the application. */
export interface KeyPairs {
  /** Signs the JWTs; its public half is published. */
  readonly host: {
    readonly privateKey: KeyObject
    readonly publicKey: KeyObject
    readonly kid: string
  }
  /** A key that nobody publishes. */
  readonly stranger: KeyObject
  /** The application's: the public half is registered here, the private one handed out. */
  readonly application: { readonly privateKeyPem: string; readonly publicKey: KeyObject }
}

/** Makes fresh RSA keys; some tenths of a second. */
export function makeKeyPairs(): KeyPairs {
  const host = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const application = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const der = host.publicKey.export({ type: 'spki', format: 'der' })
  const kid = createHash('sha1').update(der).digest('hex').toUpperCase()
  return {
    host: { ...host, kid },
    stranger: stranger.privateKey,
    application: {
      publicKey: application.publicKey,
      privateKeyPem: application.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  }
}
