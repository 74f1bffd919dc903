import { AppError } from '../../contracts/app-error.js'
import type { DynamicsConfig } from './config.js'

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost']

/**
 * The secret and the token go to these two addresses, so that they are checked once more where they are used: https,
 * or http on loopback under the switch. @throws AppError `http_not_allowed`
 */
export function requireHttps(config: DynamicsConfig, allowLoopbackHttp: boolean): void {
  for (const path of ['environmentUrl', 'authorityHost'] as const) {
    const url = new URL(config[path])
    const trying = allowLoopbackHttp && LOOPBACK.includes(url.hostname)
    if (url.protocol !== 'https:' && !trying) {
      throw new AppError('http_not_allowed', 'This address must be https.', {
        path: `dynamics.${path}`,
      })
    }
  }
}
