import { DEMO_ACCOUNT } from '../../dev/stack/start-stack.js'
import { EMAIL_PATTERN, type CrmPlace } from './crm-place.js'
import type { World } from './start-world.js'

interface Contact {
  readonly email: string | null
  readonly consents?: Readonly<Record<string, { readonly value: string }>>
  readonly subscriptions?: Readonly<Record<string, { readonly value: boolean }>>
}

const ACCOUNT = `accounts/${DEMO_ACCOUNT.accountId}`

/** Share of the people who are withdrawn in both systems from the start. */
const WITHDRAWN_SHARE = 0.1

/** The campaign that is sent: to everybody, in category `c1`. */
export const CAMPAIGN = { campaignId: '501', componentId: '9001' } as const

/** Whether eMarketeer allows it; a contact without an address has neither consents nor subscriptions. */
function allows({ consents = {}, subscriptions = {} }: Contact): boolean {
  return (
    consents['marketingSendouts']?.value === 'consent' &&
    consents['storeAndProcess']?.value !== 'withdrawn' &&
    subscriptions['c1']?.value !== false
  )
}

/** The stand-ins' own state, and what people do in them; uses nothing of the product. */
export class Truth {
  constructor(
    private readonly world: World,
    private readonly place: CrmPlace,
  ) {}

  /** Adds the same people to both systems, as if they had been there for a long time, and a campaign to all of them. */
  async seed(count: number): Promise<void> {
    const withdrawn = Math.floor(count * WITHDRAWN_SHARE)
    const parts = [
      { count: count - withdrawn, firstNumber: 1, basis: 'consent' },
      { count: withdrawn, firstNumber: count - withdrawn + 1, basis: 'withdrawn' },
    ] as const
    for (const part of parts.filter((one) => one.count > 0)) {
      await this.place.seed(this.world.crm, part)
      await this.world.emarketeer.post(`${ACCOUNT}/seed`, {
        count: part.count,
        firstNumber: part.firstNumber,
        seed: part.firstNumber,
        emailPattern: EMAIL_PATTERN,
        marketing: { [part.basis]: 1 },
        subscriptionOffRate: 0.05,
      })
    }
    await this.world.emarketeer.post(`${ACCOUNT}/campaigns`, {
      ...CAMPAIGN,
      channel: 'email',
      categoryId: 'c1',
      transactional: false,
      target: { all: true },
    })
  }

  /** Addresses that both systems allow and that have the category on Yes. */
  async mailable(): Promise<string[]> {
    const denied = await this.place.denied(this.world.crm)
    return (await this.mailableInEmarketeer()).filter((email) => !denied.has(email))
  }

  /** The same, as far as eMarketeer knows. */
  async mailableInEmarketeer(): Promise<string[]> {
    const mailable: string[] = []
    for await (const contact of this.world.emarketeer.each<Contact>(`${ACCOUNT}/dump`)) {
      if (contact.email !== null && allows(contact)) {
        mailable.push(contact.email)
      }
    }
    return mailable
  }

  /** One more category. */
  async addCategory(name: string): Promise<void> {
    await this.world.emarketeer.post(`${ACCOUNT}/categories`, { name })
  }

  /** A person unsubscribes by the link in a mail. */
  async unsubscribe(email: string): Promise<void> {
    await this.world.emarketeer.post(`${ACCOUNT}/acts`, {
      acts: [{ email, kind: 'unsubscribeAll' }],
    })
  }
}
