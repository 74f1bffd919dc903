import type { z } from 'zod'
import type { SimRequest } from '../../common/http-server.js'
import { ApiError, invalid } from './api-error.js'

const MAX_BODY_BYTES = 2 * 1024 * 1024

/** Parses a JSON body: 413, 415, 400. Bytes that are not UTF-8 are not JSON. */
export function parseBody(request: SimRequest): unknown {
  if (request.body.length > MAX_BODY_BYTES) {
    throw new ApiError(413, 'payload_too_large', 'the body is over 2 MiB')
  }
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new ApiError(415, 'unsupported_media_type', 'the body must be application/json')
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(request.body))
  } catch {
    throw new ApiError(400, 'malformed_json', 'the body is not JSON')
  }
}

/** Checks a parsed body, or the part of one at `at`; strict schemas refuse unknown fields. */
export function check<S extends z.ZodType>(schema: S, body: unknown, at = ''): z.output<S> {
  const result = schema.safeParse(body)
  if (result.success) {
    return result.data
  }
  throw invalid(
    result.error.issues.slice(0, 20).map((issue) => ({
      path: pathText(issue.path, at),
      message: issue.message,
    })),
  )
}

/** A list's length, before its items are checked. */
export function listLength(body: unknown, field: string): number {
  const list = (body as Record<string, unknown> | null)?.[field]
  return Array.isArray(list) ? list.length : 0
}

function pathText(path: readonly PropertyKey[], at: string): string {
  const rest = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
  return (at + rest.join('')).replace(/^\./, '')
}
