import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One delivery as received. */
export interface Received {
  readonly headers: Record<string, string>
  readonly body: Buffer
}

/** Accepts webhooks; answers 200 unless set otherwise. */
export class Receiver {
  readonly received: Received[] = []
  /** Answers of the next deliveries, in order. */
  readonly answers: { status: number; retryAfter?: string }[] = []
  #taken = 0
  #wake: () => void = () => undefined

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer()
    const receiver = new Receiver(server)
    server.on('request', (request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const headers = request.headers as Record<string, string>
        receiver.received.push({ headers, body: Buffer.concat(chunks) })
        const { status, retryAfter } = receiver.answers.shift() ?? { status: 200 }
        response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter })
        response.end()
        receiver.#wake()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return receiver
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks/em/1001`
  }

  /** The next delivery that was not returned yet. */
  async next(): Promise<Received> {
    while (this.received.length <= this.#taken) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#taken += 1
    return this.received[this.#taken - 1]!
  }

  /** Checks repeatedly, one turn of the event loop apart, until it holds. */
  async until(holds: () => Promise<boolean>): Promise<void> {
    while (!(await holds())) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}
