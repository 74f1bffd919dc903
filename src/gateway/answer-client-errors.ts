import type { Socket } from 'node:net'
import { httpRefusal } from './refusal.js'
import type { RefusalLog } from './refusal-log.js'

/**
 * Answers what is not HTTP, or came too slowly, with a document as well; there is no request to answer yet, so that it
 * is written by hand. The log line has Node's own code only.
 */
export function answerClientErrors(log: RefusalLog): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const { code = null } = error as NodeJS.ErrnoException
    if (code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const refusal = httpRefusal('request_malformed')
    const fields = { code: refusal.code, httpStatus: refusal.status, upstreamCode: code }
    log.write('warn', fields, 'bad request')
    const body = JSON.stringify(refusal.document)
    const head = [
      'HTTP/1.1 400 Bad Request',
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  }
}
