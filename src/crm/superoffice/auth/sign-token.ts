import { createSign } from 'node:crypto'
import { AppError } from '../../../contracts/app-error.js'

/**
 * Signs the system user token for one exchange: token, UTC minute, and an RSA-SHA256 signature of both
 * (docs/wire-superoffice.md, 2.1). Good for about that minute, hence made afresh each time.
 *
 * @throws AppError `value_invalid` where the key is none; neither key nor token is quoted.
 */
export function signSystemToken(token: string, privateKeyPem: string, nowMs: number): string {
  const minute = new Date(nowMs).toISOString().slice(0, 16).replace(/[-T:]/g, '')
  const data = `${token}.${minute}`
  try {
    const signature = createSign('RSA-SHA256')
      .update(data)
      // Variables of the environment often hold line ends as \n.
      .sign(privateKeyPem.replace(/\\n/g, '\n'), 'base64')
    return `${data}.${signature}`
  } catch {
    throw new AppError('value_invalid', 'The private key is no RSA key in PEM.', {
      path: 'superoffice.privateKey',
      value: '***',
    })
  }
}
