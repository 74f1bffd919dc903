/** A registered webhook (wire page, section 8). */
export interface Webhook {
  readonly webhookId: number
  name: string
  events: string[]
  targetUrl: string
  secret: string
  state: 'Active' | 'Stopped' | 'TooManyErrors'
  type: string
  errorsEmail: string
  headers: Record<string, string> | null
  properties: Record<string, unknown> | null
  consecutiveErrors: number
  lastError: string
  readonly registered: number
  readonly registeredAssociateId: number
}

/** All registered webhooks; registering is not idempotent, names may repeat. */
export class WebhookBook {
  readonly #webhooks = new Map<number, Webhook>()
  #nextId = 1

  add(fields: Omit<Webhook, 'webhookId'>): Webhook {
    const webhook = { webhookId: this.#nextId++, ...fields }
    this.#webhooks.set(webhook.webhookId, webhook)
    return webhook
  }

  get(id: number): Webhook | undefined {
    return this.#webhooks.get(id)
  }

  remove(id: number): boolean {
    return this.#webhooks.delete(id)
  }

  list(): readonly Webhook[] {
    return [...this.#webhooks.values()]
  }
}
