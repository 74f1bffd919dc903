/**
 * A reverse proxy in front of a gateway: passes requests on to `process.argv[2]`, byte by byte, and appends the
 * caller's address to X-Forwarded-For, as nginx does. It knows nothing of the product.
 */
import http from 'node:http'

const [target, says] = process.argv.slice(2)
const server = http.createServer((request, response) => {
  const peer = says ?? request.socket.remoteAddress
  const before = request.headers['x-forwarded-for']
  const headers = {
    ...request.headers,
    'x-forwarded-for': before === undefined ? peer : `${before}, ${peer}`,
  }
  const { method, url } = request
  const onward = http.request(new URL(url, target), { method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.writeHead(502).end())
  request.pipe(onward)
})
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${server.address().port}`
  process.stdout.write(`${JSON.stringify({ ready: true, url })}\n`)
})
process.on('SIGTERM', () => process.exit(0))
