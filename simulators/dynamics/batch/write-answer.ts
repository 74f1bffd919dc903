import { STATUS_CODES } from 'node:http'
import type { SimResponse } from '../../common/http-server.js'

/** An answer as a part of a multipart answer; change set parts carry their Content-ID. */
export function httpPart(response: SimResponse, contentId?: string): string {
  const headers = Object.entries(response.headers ?? {}).map(([name, value]) => `${name}: ${value}`)
  const body = typeof response.body === 'string' ? response.body : (response.body?.toString() ?? '')
  return [
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    ...(contentId === undefined ? [] : [`Content-ID: ${contentId}`]),
    '',
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? 'Unknown'}`,
    ...headers,
    '',
    body,
  ].join('\r\n')
}

export function joinParts(boundary: string, parts: readonly string[]): string {
  return [...parts.map((part) => `--${boundary}\r\n${part}\r\n`), `--${boundary}--\r\n`].join('')
}
