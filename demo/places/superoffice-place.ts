import { createControl, type Control } from '../control.js'

/** Keys of SuperOffice's purposes (docs/wire-superoffice.md). */
export type SuperOfficePurpose = 'STORE' | 'EMARKETING'

/** A person in the dump of SuperOffice's stand-in. */
export interface DumpedPerson {
  readonly personId: number
  readonly emails: readonly { readonly address: string; readonly rank: number }[]
  readonly consents: Partial<
    Record<SuperOfficePurpose, { readonly legalBase: string; readonly source: string }>
  >
}

/** A person that exists from the start. */
export interface SeededPerson {
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  /** ISO 8601 in UTC. The earliest person at an address is the oldest (C5). */
  readonly registered: string
  readonly bases: Partial<Record<SuperOfficePurpose, string>>
}

/**
 * When users recorded the bases that exist from the start: after eMarketeer's acts, so that none of those is later
 * (C3).
 */
const RECORDED = '2026-02-10T10:00:00Z'

/** The state of one SuperOffice, and its users' acts. */
export class SuperOfficePlace {
  readonly #control: Control

  constructor(controlUrl: string) {
    this.#control = createControl(controlUrl)
  }

  /**
   * Creates persons with an old creation time, by default with SuperOffice's default basis for Sales and service. A
   * given basis is recorded by a user, later than the person; otherwise it would count as a default too.
   */
  async seed(persons: readonly SeededPerson[]): Promise<void> {
    await this.#control.send('POST', 'persons', {
      persons: persons.map(({ email, bases, ...person }) => ({
        ...person,
        emails: [email],
        storeDefault: true,
        silent: true,
        consents: Object.fromEntries(
          Object.entries(bases).map(([purpose, legalBase]) => [
            purpose,
            { legalBase, source: 'USER', registered: RECORDED },
          ]),
        ),
      })),
    })
  }

  persons(): Promise<DumpedPerson[]> {
    return this.#control.lines('dump')
  }

  /** Keys of the legal bases of all persons with this address, by person id. `none`: no row. */
  async bases(email: string, purpose: SuperOfficePurpose = 'EMARKETING'): Promise<string[]> {
    return (await this.#at(email)).map((person) => person.consents[purpose]?.legalBase ?? 'none')
  }

  /** A user of SuperOffice records a basis on every person with this address. */
  async record(email: string, legalBase: string): Promise<void> {
    for (const { personId } of await this.#at(email)) {
      const act = { purpose: 'EMARKETING', legalBase, source: 'USER' }
      await this.#control.send('POST', `persons/${personId}/consent`, act)
    }
  }

  /** Turns the loss of webhooks on or off. */
  async loseWebhooks(lost: boolean): Promise<void> {
    await this.#control.send('POST', 'webhook-faults', { loseShare: lost ? 1 : 0 })
  }

  /** Addresses of all persons with a deny or without a basis in SuperOffice. */
  async notAllowed(): Promise<ReadonlySet<string>> {
    const closed = (await this.persons()).filter(({ consents }) => {
      const marketing = consents.EMARKETING?.legalBase ?? 'none'
      const withdrawn = consents.STORE?.legalBase === 'WITHDRAWN'
      return withdrawn || marketing === 'WITHDRAWN' || marketing === 'none'
    })
    return new Set(closed.flatMap(({ emails }) => emails.map(({ address }) => address)))
  }

  async #at(email: string): Promise<readonly DumpedPerson[]> {
    const found = (await this.persons()).filter(({ emails }) =>
      emails.some(({ address }) => address === email),
    )
    if (found.length === 0) {
      throw new Error('not in SuperOffice')
    }
    return found.sort((a, b) => a.personId - b.personId)
  }
}
