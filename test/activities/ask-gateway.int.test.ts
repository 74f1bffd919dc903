import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from '@jest/globals'
import { askGateway } from '../../src/activities/setup/ask-gateway.js'

let server: Server | null = null

afterEach(async () => {
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(null)))
  server = null
})

/** Answers as a server at PUBLIC_URL would. */
async function answering(listener: RequestListener): Promise<string> {
  const started = createServer(listener)
  server = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`
}

function json(status: number, body: unknown): RequestListener {
  return (request, response) => {
    const found = request.url === '/healthz' ? status : 404
    response.writeHead(found, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
}

describe('the gateway, asked through its public address', () => {
  it('answers', async () => {
    expect(await askGateway(await answering(json(200, { status: 'ok' })), undefined)).toBeNull()
  })

  it.each([
    ['is ill', json(503, { status: 'down' }), 'status 503'],
    ['is somebody else', json(200, { hello: 'world' }), 'somebody else answers there'],
    [
      'is a page of somebody else',
      ((_request, response) => response.end('<html></html>')) as RequestListener,
      'somebody else answers there',
    ],
    [
      'sends elsewhere',
      ((_request, response) =>
        response.writeHead(302, { location: '/login' }).end()) as RequestListener,
      'status 302',
    ],
    [
      'hangs up',
      ((request) => request.socket.destroy()) as RequestListener,
      expect.stringMatching(/UND_ERR_SOCKET|ECONNRESET|no connection/),
    ],
  ])('%s', async (_name, listener, problem) => {
    expect(await askGateway(await answering(listener), undefined)).toEqual(problem)
  })

  it('is not there', async () => {
    const url = await answering(json(200, {}))
    await new Promise((resolve) => server!.close(resolve))
    server = null
    expect(await askGateway(url, undefined)).toBe('ECONNREFUSED')
  })
})
