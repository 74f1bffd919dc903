import { createHmac } from 'node:crypto'

/** The event that the toy CRM posts after a row was written. */
export interface ToyEvent {
  readonly personId: string
  readonly purpose: string
  readonly withdrawn: boolean
  readonly by: string
}

/** The header that proves the sender and the content. */
export const SIGNATURE_HEADER = 'x-toy-signature'

/** The signature of a body. */
export function signed(secret: string, body: string | Buffer): string {
  return createHmac('sha256', secret).update(body).digest('hex')
}

/** Posts changes to one address while a target is set; lost ones are not retried. */
export class ToyPost {
  private target: { readonly url: string; readonly secret: string } | null = null
  private readonly underWay = new Set<Promise<unknown>>()

  /** Sets the target; null: none. */
  postTo(target: { readonly url: string; readonly secret: string } | null): void {
    this.target = target
  }

  get isWanted(): boolean {
    return this.target !== null
  }

  tell(event: ToyEvent): void {
    if (this.target === null) {
      return
    }
    const { url, secret } = this.target
    const body = JSON.stringify(event)
    const headers = { 'content-type': 'application/json', [SIGNATURE_HEADER]: signed(secret, body) }
    const posting: Promise<unknown> = fetch(url, { method: 'POST', headers, body })
      .then((answer) => answer.arrayBuffer())
      .catch(() => undefined)
      .finally(() => this.underWay.delete(posting))
    this.underWay.add(posting)
  }

  /** Waits until everything was answered, or could not be delivered. */
  async drained(): Promise<void> {
    await Promise.all(this.underWay)
  }
}
