import { createHash, generateKeyPairSync, type KeyObject } from 'node:crypto'

/** The keys of the sign-in host and of the application. */
export interface KeyPairs {
  /** Signs the JWTs; its public half is published. */
  readonly host: {
    readonly privateKey: KeyObject
    readonly publicKey: KeyObject
    /** Name in the key set. */
    readonly kid: string
    /** Name in the header of a token, which differs: SHA-1 in base64url. */
    readonly x5t: string
  }
  /** The application's key: its public half is registered here, its private half is handed out. */
  readonly application: { readonly privateKeyPem: string; readonly publicKey: KeyObject }
}

let made: KeyPairs | undefined

/** New RSA keys, shared by all stand-ins of a process, because generating them takes some tenths of a second. */
export function keyPairs(): KeyPairs {
  made ??= makeKeyPairs()
  return made
}

/** A key that is not published. */
export function strangersKey(): KeyObject {
  return newPair().privateKey
}

function makeKeyPairs(): KeyPairs {
  const host = newPair()
  const application = newPair()
  const der = host.publicKey.export({ type: 'spki', format: 'der' })
  const hash = createHash('sha1').update(der).digest()
  const [kid, x5t] = [hash.toString('hex').toUpperCase(), hash.toString('base64url')]
  return {
    host: { ...host, kid, x5t },
    application: {
      publicKey: application.publicKey,
      privateKeyPem: application.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  }
}

function newPair() {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}
