import type { FastifyInstance, FastifyRequest } from 'fastify'
import { httpRefusal } from './refusal.js'

/**
 * Takes JSON only, and keeps it as the bytes that came: signatures are over them, and nobody's data is parsed before
 * its sender is known. Compressed bodies are refused, so that a small one cannot become a large one.
 */
export function takeRawJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body),
  )
  app.addHook('preParsing', async (request) => {
    const encoding = request.headers['content-encoding']
    if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
      throw httpRefusal('media_type_not_supported')
    }
  })
}

/** The bytes of the body; none where there was no body. */
export function rawBody(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}
