import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CrmFacts, WebhookRequest, WebhookVerdict } from '../../../src/crm/crm.js'
import { SECRETS, type ContractStand } from './contract-stand.js'

/** A small gateway: judges posted events by the stored facts, and answers as the real one does. */
export interface Receiver {
  readonly url: string
  facts: CrmFacts
  /** Every call with its verdict, oldest first; without calls that only test the address. */
  readonly calls: { readonly request: WebhookRequest; readonly verdict: WebhookVerdict }[]
  close(): Promise<void>
}

/** Starts one on loopback. */
export async function startReceiver({ driver }: ContractStand): Promise<Receiver> {
  const calls: Receiver['calls'] = []
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(incoming.headers).filter(
          (one): one is [string, string] => typeof one[1] === 'string',
        ),
      )
      const request = { headers, body: Buffer.concat(chunks) }
      const verdict = driver.receiveWebhook(request, receiver.facts, SECRETS)
      calls.push({ request, verdict })
      outgoing.writeHead(verdict.accepted ? (driver.webhookStatus ?? 202) : 401).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hooks/crm/contract`,
    facts: {},
    calls,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}
