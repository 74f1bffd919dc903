/** Serves the pages of a file (JSON, text by cursor) unchanged: `static-server.ts FILE`. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const texts = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Record<string, string>
const pages = new Map(Object.entries(texts).map(([cursor, text]) => [cursor, Buffer.from(text)]))
const server = createServer((request, response) => {
  const cursor = new URL(request.url!, 'http://localhost').searchParams.get('cursor') ?? ''
  response.setHeader('content-type', 'application/json').end(pages.get(cursor))
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo
  process.stdout.write(`${JSON.stringify({ ready: true, url: `http://127.0.0.1:${port}/` })}\n`)
})
process.once('SIGTERM', () => process.exit())
