import { type Heard, type Said, scriptedServer } from '../../support/scripted-server.js'

export type { Heard, Said } from '../../support/scripted-server.js'

/**
 * A service on loopback that returns a test's answers. It answers token requests itself unless `tokens` is given. No
 * column is secured. Paths are percent-decoded: the part after `/api/data/v9.2/`, or the complete path of others.
 */
export async function scriptedService(
  answer: (heard: Heard, url: string) => Said | Promise<Said>,
  tokens?: (issued: number) => Said | Promise<Said>,
) {
  const heard: Heard[] = []
  const tokenRequests: Heard[] = []
  const server = await scriptedServer((received, url) => {
    const path = decodeURIComponent(received.path).replace('/api/data/v9.2/', '')
    const one = { ...received, path }
    if (received.path.includes('/oauth2/v2.0/token')) {
      const issued = tokenRequests.push(one)
      return tokens?.(issued) ?? tokenAnswer(`token-${issued}`)
    }
    if (path.includes('IsSecured')) {
      return { status: 200, body: { value: [] } }
    }
    heard.push(one)
    return answer(one, url)
  })
  return { ...server, heard, tokenRequests, issued: () => tokenRequests.length }
}

/** Entra's answer with a token. */
export function tokenAnswer(token: string, expiresInSeconds = 3599): Said {
  const body = {
    token_type: 'Bearer',
    expires_in: expiresInSeconds,
    ext_expires_in: expiresInSeconds,
    access_token: token,
  }
  return { status: 200, body }
}
