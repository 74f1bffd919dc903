import { DEFINITIONS } from './definitions.js'
import type { ConsentRow, EmailRow, ListRow, PersonRow } from './rows.js'
import { type Row, Table } from './table.js'

export class Store {
  readonly person = new Table<PersonRow>(DEFINITIONS.person)
  readonly email = new Table<EmailRow>(DEFINITIONS.email)
  readonly consentperson = new Table<ConsentRow>(DEFINITIONS.consentperson)
  readonly consentpurpose = new Table<ListRow>(DEFINITIONS.consentpurpose)
  readonly legalbase = new Table<ListRow>(DEFINITIONS.legalbase)
  readonly consentsource = new Table<ListRow>(DEFINITIONS.consentsource)
  /** Persons hidden from the API's user: their rows are removed from a page after it was cut (Sentry). */
  readonly unseen = new Set<number>()
  /** Sources for which SuperOffice mails everybody who gets a consent, by key: the template's id. */
  readonly mailTemplates = new Map<string, number>()
  /** Purposes switched off by an administrator, by key. */
  readonly inactivePurposes = new Set<string>()

  readonly #tables: Readonly<Record<string, Table>> = {
    person: this.person as unknown as Table,
    email: this.email as unknown as Table,
    consentperson: this.consentperson as unknown as Table,
    consentpurpose: this.consentpurpose as unknown as Table,
    legalbase: this.legalbase as unknown as Table,
    consentsource: this.consentsource as unknown as Table,
  }

  /** A table by its database name. */
  table(name: string): Table<Row> | undefined {
    return Object.hasOwn(this.#tables, name) ? this.#tables[name] : undefined
  }

  /** A list item by its key, exactly as stored. */
  item(list: ListName, key: string): ListRow | undefined {
    return this[list].by('key', key).find((row) => row.key === key && row.deleted === 0)
  }

  /** The row of a person and purpose, if there is one. */
  consent(personId: number, purposeId: number): ConsentRow | undefined {
    return this.consentperson
      .by('person_id', personId)
      .find((row) => row.consentPurpose_id === purposeId)
  }

  /** A person's e-mail addresses, the primary one first; no chat ids. */
  emails(personId: number): readonly EmailRow[] {
    return this.email
      .by('person_id', personId)
      .filter((row) => row.type === 0)
      .sort((a, b) => a.rank - b.rank || a.email_id - b.email_id)
  }
}

/** The three lists, by table name. */
export type ListName = 'consentpurpose' | 'legalbase' | 'consentsource'
