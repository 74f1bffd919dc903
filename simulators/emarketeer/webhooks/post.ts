import http from 'node:http'
import https from 'node:https'

/** The receiver's answer; status 0 = none in time. */
export interface PostResult {
  readonly status: number
  readonly retryAfterSeconds: number | null
}

const ANSWER_WITHIN_MS = 15_000

/** Posts one webhook; never rejects. */
export function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  agents: { http: http.Agent; https: https.Agent },
): Promise<PostResult> {
  return new Promise((resolve) => {
    const secure = url.startsWith('https:')
    const nothing = () => resolve({ status: 0, retryAfterSeconds: null })
    try {
      const request = (secure ? https : http).request(
        url,
        {
          method: 'POST',
          agent: secure ? agents.https : agents.http,
          headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
          timeout: ANSWER_WITHIN_MS,
        },
        (response) => {
          response.resume()
          response.on('end', () => {
            const retryAfter = response.headers['retry-after']
            const seconds = retryAfter === undefined ? Number.NaN : Number(retryAfter)
            resolve({
              status: response.statusCode ?? 0,
              retryAfterSeconds: Number.isNaN(seconds) ? null : seconds,
            })
          })
          response.on('error', nothing)
        },
      )
      request.on('timeout', () => request.destroy())
      request.on('error', nothing)
      request.end(body)
    } catch {
      nothing()
    }
  })
}
