import type { SimRequest } from '../../common/http-server.js'
import { badQuery, ServiceError } from '../errors.js'

const MAX_URL = 32_768

/** Checks the headers that every request must have, and the length of its URL (wire page, sections 3 and 4). */
export function checkRequest(request: SimRequest, isBatch: boolean): void {
  if (request.path.length + request.rawQuery.length + 1 > MAX_URL) {
    throw new ServiceError(414, '0x80060888', 'The request URL is too long.')
  }
  const { headers } = request
  for (const name of ['odata-version', 'odata-maxversion']) {
    if (headers[name] !== '4.0') {
      throw badQuery(`The header '${name}' must be 4.0.`)
    }
  }
  const accept = headers['accept'] ?? ''
  const readable = isBatch ? /multipart\/mixed|application\/json/ : /application\/json/
  if (!readable.test(accept) && !request.path.endsWith('/$count')) {
    throw new ServiceError(406, '0x80060888', `The media type '${accept}' cannot be answered.`)
  }
  const contentType = headers['content-type'] ?? ''
  if (!isBatch && request.body.length > 0 && !/^application\/json\b/i.test(contentType)) {
    throw new ServiceError(415, '0x80060888', `The content type '${contentType}' is not supported.`)
  }
}
