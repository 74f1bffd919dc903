import type {
  CrmFacts,
  WebhookInstallation,
  WebhookRequest,
  WebhookVerdict,
} from '../../../../src/crm/crm.js'
import { scriptedServer } from '../../support/scripted-server.js'
import { SECRETS, type Stand } from '../setup/stand.js'

/** A small gateway: judges posted events by a test's facts, and answers as the real one does. */
export interface Receiver {
  readonly url: string
  /** The facts by which the driver judges; set as the ledger would be. */
  facts: CrmFacts
  /** Every call with its verdict, oldest first. */
  readonly calls: { readonly request: WebhookRequest; readonly verdict: WebhookVerdict }[]
  /** The status to answer instead of the verdict's; null: the verdict's. */
  status: number | null
  close(): Promise<void>
}

/** Starts one on loopback. */
export async function startReceiver(stand: Stand): Promise<Receiver> {
  const calls: Receiver['calls'] = []
  const server = await scriptedServer(({ headers, body }) => {
    const single = Object.entries(headers).filter(
      (one): one is [string, string] => typeof one[1] === 'string',
    )
    const request = { headers: Object.fromEntries(single), body: Buffer.from(body) }
    const verdict = stand.driver.receiveWebhook(request, receiver.facts, SECRETS)
    calls.push({ request, verdict })
    return { status: receiver.status ?? (verdict.accepted ? 200 : 401) }
  })
  const receiver: Receiver = {
    url: `${server.url}/hooks/crm/abc`,
    facts: {},
    calls,
    status: null,
    close: () => server.close(),
  }
  return receiver
}

/** Installs, and stores facts as the runner does. */
export async function install(
  stand: Stand,
  receiver: Receiver,
  url = receiver.url,
): Promise<Pick<WebhookInstallation, 'installed' | 'reason'>> {
  const keep = (facts: CrmFacts) => {
    receiver.facts = { ...receiver.facts, ...facts }
    return Promise.resolve()
  }
  const { installed, reason, facts } = await stand
    .open(receiver.facts)
    .installWebhooks({ url, keep }, {})
  await keep(facts)
  return { installed, reason }
}
