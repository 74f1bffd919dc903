import { randomBytes } from 'node:crypto'
import type { AppRegistration } from '../options.js'

export interface IssuedToken {
  readonly app: AppRegistration
  readonly expiresAtMs: number
}

/** Issued access tokens, by text. */
export class TokenBook {
  readonly #tokens = new Map<string, IssuedToken>()

  issue(app: AppRegistration, audience: string, nowMs: number, lifetimeSeconds: number): string {
    const part = (value: unknown): string =>
      Buffer.from(JSON.stringify(value)).toString('base64url')
    const expires = Math.floor(nowMs / 1000) + lifetimeSeconds
    const claims = {
      aud: audience,
      appid: app.clientId,
      iat: Math.floor(nowMs / 1000),
      exp: expires,
    }
    const signature = randomBytes(32).toString('base64url')
    const token = `${part({ typ: 'JWT', alg: 'RS256' })}.${part(claims)}.${signature}`
    this.#tokens.set(token, { app, expiresAtMs: expires * 1000 })
    return token
  }

  /** The token in an Authorization header; undefined if it is missing, unknown, expired or revoked. */
  check(authorization: string | undefined, nowMs: number): IssuedToken | undefined {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1]
    const issued = token === undefined ? undefined : this.#tokens.get(token)
    return issued !== undefined && issued.expiresAtMs > nowMs ? issued : undefined
  }

  revokeAll(): void {
    this.#tokens.clear()
  }
}
