import type { LegalBasis, Purpose } from '../../src/domain/legal-basis.js'
import type { Control } from '../control.js'

/** A contact in the dump of eMarketeer's stand-in. */
export interface DumpedContact {
  readonly contactId: string
  readonly email: string | null
  readonly mobile: string | null
  readonly consents: Partial<Record<Purpose, { readonly value: LegalBasis }>>
  /** By category id. */
  readonly subscriptions: Record<string, { readonly value: boolean }>
}

/** A contact that exists from the start. */
export interface SeededContact {
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly mobile: string | null
  readonly bases: Partial<Record<Purpose, LegalBasis>>
}

/** Creation time of the contacts that exist from the start. */
const LONG_AGO = '2026-01-15T09:00:00.000Z'

/** The state of one eMarketeer account, and people's acts in it. */
export class EmarketeerAccount {
  constructor(
    private readonly control: Control,
    readonly accountId: string,
  ) {}

  /** Creates contacts with an old creation time. */
  async seed(contacts: readonly SeededContact[]): Promise<void> {
    await this.#send('seed', {
      contacts: contacts.map(({ bases, ...contact }) => ({
        ...contact,
        consents: Object.fromEntries(
          Object.entries(bases)
            .filter(([, legalBasis]) => legalBasis !== 'none')
            .map(([purpose, legalBasis]) => [
              purpose,
              { legalBasis, version: 1, eventTime: LONG_AGO, source: 'webForm' },
            ]),
        ),
      })),
    })
  }

  async contacts(): Promise<DumpedContact[]> {
    const lines = await this.control.lines<Partial<DumpedContact>>(
      `accounts/${this.accountId}/dump`,
    )
    return lines.filter((line): line is DumpedContact => typeof line.contactId === 'string')
  }

  async contact(email: string): Promise<DumpedContact> {
    const contact = (await this.contacts()).find((c) => c.email === email)
    if (!contact) {
      throw new Error('not in eMarketeer')
    }
    return contact
  }

  async basis(email: string, purpose: Purpose = 'marketingSendouts'): Promise<LegalBasis> {
    return (await this.contact(email)).consents[purpose]?.value ?? 'none'
  }

  /** A person's act, such as `{kind: 'unsubscribeAll'}`. */
  async act(email: string, act: Record<string, unknown>): Promise<void> {
    await this.#send('acts', { acts: [{ email, ...act }] })
  }

  async addCampaign(campaign: {
    readonly campaignId: string
    readonly componentId: string
    readonly channel: 'email' | 'sms'
    readonly categoryId: string | null
  }): Promise<void> {
    await this.#send('campaigns', { ...campaign, transactional: false, target: { all: true } })
  }

  async addCategory(id: string, name: string): Promise<void> {
    await this.#send('categories', { id, name })
  }

  async #send(path: string, body: unknown): Promise<void> {
    await this.control.send('POST', `accounts/${this.accountId}/${path}`, body)
  }
}

const POSITIVE = new Set<LegalBasis>([
  'consent',
  'legitimateInterest',
  'contract',
  'requiredByLaw',
  'vitalInterests',
  'publicInterest',
])

/** Whether a contact may be mailed according to eMarketeer alone. */
export function mayBeMailed({ consents }: DumpedContact): boolean {
  return (
    POSITIVE.has(consents.marketingSendouts?.value ?? 'none') &&
    consents.storeAndProcess?.value !== 'withdrawn'
  )
}
