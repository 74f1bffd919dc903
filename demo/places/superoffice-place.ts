import { createControl, type Control } from '../control.js'

/** Purposes of SuperOffice by their keys (docs/wire-superoffice.md). */
export type SuperOfficePurpose = 'STORE' | 'EMARKETING'

/** A person of SuperOffice as its stand-in dumps it. */
export interface DumpedPerson {
  readonly personId: number
  readonly emails: readonly { readonly address: string; readonly rank: number }[]
  readonly consents: Partial<
    Record<SuperOfficePurpose, { readonly legalBase: string; readonly source: string }>
  >
}

/** A person to be there from the start. */
export interface SeededPerson {
  readonly firstName: string
  readonly lastName: string
  readonly email: string
  /** ISO UTC. The earliest of an address is the oldest (C5). */
  readonly registered: string
  readonly bases: Partial<Record<SuperOfficePurpose, string>>
}

/** When users recorded what is there from the start: after eMarketeer's acts, so that no act there is the later one (C3). */
const RECORDED = '2026-02-10T10:00:00Z'

/** One SuperOffice: its truth, and what its users do. */
export class SuperOfficePlace {
  private readonly control: Control

  constructor(controlUrl: string) {
    this.control = createControl(controlUrl)
  }

  /**
   * Puts persons there as if they had been for long, with the default for Sales and service that SuperOffice gives a new
   * person, unless told. What is told a user recorded, later than the person: else it would be a default too.
   */
  async seed(persons: readonly SeededPerson[]): Promise<void> {
    await this.control.send('POST', 'persons', {
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

  /** Everybody. */
  persons(): Promise<DumpedPerson[]> {
    return this.control.lines('dump')
  }

  /** Keys of the legal bases of all persons with this address, by person id. `none`: no row. */
  async bases(email: string, purpose: SuperOfficePurpose = 'EMARKETING'): Promise<string[]> {
    return (await this.#at(email)).map((person) => person.consents[purpose]?.legalBase ?? 'none')
  }

  /** A user of SuperOffice records a basis on every person with this address. */
  async record(email: string, legalBase: string): Promise<void> {
    for (const { personId } of await this.#at(email)) {
      const act = { purpose: 'EMARKETING', legalBase, source: 'USER' }
      await this.control.send('POST', `persons/${personId}/consent`, act)
    }
  }

  /** Whether webhooks arrive. */
  async loseWebhooks(lost: boolean): Promise<void> {
    await this.control.send('POST', 'webhook-faults', { loseShare: lost ? 1 : 0 })
  }

  /** Addresses of everybody whom SuperOffice denies, or knows no basis of. */
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
