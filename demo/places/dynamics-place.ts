import { setTimeout as wait } from 'node:timers/promises'
import { createControl, type Control } from '../control.js'

/** A contact in the dump of Dynamics' stand-in. */
export interface DumpedCrmContact {
  readonly contactid: string
  readonly emailaddress1: string | null
  readonly donotbulkemail: boolean
  readonly statecode: number
}

interface DumpedSubscription {
  readonly em_contact: string
  readonly em_category: string
  readonly em_subscribed: boolean
}

/** The state of Dynamics, and the acts of sales reps and administrators in it. */
export class DynamicsPlace {
  readonly control: Control

  constructor(controlUrl: string) {
    this.control = createControl(controlUrl)
  }

  contacts(): Promise<DumpedCrmContact[]> {
    return this.control.lines('rows/contact?format=ndjson')
  }

  async contact(email: string): Promise<DumpedCrmContact> {
    const contact = (await this.contacts()).find((c) => c.emailaddress1 === email)
    if (!contact) {
      throw new Error('not in Dynamics')
    }
    return contact
  }

  async flipBulkEmail(email: string, to: 'allow' | 'doNotAllow', rep: string): Promise<void> {
    const { contactid } = await this.contact(email)
    await this.control.send('PATCH', `rows/contact/${contactid}`, {
      as: rep,
      values: { donotbulkemail: to === 'doNotAllow' },
    })
  }

  /** A sales rep sets a subscription's toggle to No. */
  async unsubscribe(email: string, categoryId: string, rep: string): Promise<void> {
    const { contactid } = await this.contact(email)
    await this.control.send('POST', 'subscriptions/flip', {
      as: rep,
      contactId: contactid,
      categoryId,
      subscribed: false,
    })
  }

  /** Ids of the categories in Dynamics, by eMarketeer's id. */
  async categories(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.control.lines<{
      em_categoryid: string
      em_subscriptioncategoriesid: string
    }>('rows/em_subscriptioncategories?format=ndjson')
    return new Map(rows.map((row) => [row.em_categoryid, row.em_subscriptioncategoriesid]))
  }

  subscriptions(): Promise<DumpedSubscription[]> {
    return this.control.lines('rows/em_subscriptions?format=ndjson')
  }

  /** All customisations, as text that is equal for equal states. */
  async installation(): Promise<string> {
    return JSON.stringify(await this.control.get('installation'))
  }

  /** Turns the loss of webhooks on or off. */
  async loseWebhooks(lost: boolean): Promise<void> {
    await this.control.send('POST', 'switches', { webhooks: { loseShare: lost ? 1 : 0 } })
  }

  /** Waits long enough for a webhook to arrive. */
  async letWebhooksPass(): Promise<void> {
    await this.control.send('POST', 'webhooks/drain')
    await wait(500)
  }
}
