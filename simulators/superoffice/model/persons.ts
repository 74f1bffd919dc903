import type { Installation } from '../installation.js'
import { stampOf } from './consents.js'
import { YEAR_ONE } from './dates.js'
import type { PersonRow } from './rows.js'

/** A new address of a person; by default the order gives the rank. */
export interface EmailDraft {
  readonly address: string
  readonly rank?: number | undefined
  /** 0 = e-mail (default), 1 = chat. */
  readonly type?: number | undefined
}

export interface PersonDraft {
  readonly firstName: string
  readonly lastName: string
  readonly emails: readonly EmailDraft[]
  /** Seconds since 1970. */
  readonly registered: number
  readonly retired: boolean
  readonly associateId: number
}

/** Adds a person with its addresses, without an event and without consents. */
export function addPerson(world: Installation, draft: PersonDraft): PersonRow {
  const person = world.store.person.insert({
    contact_id: 0,
    firstname: draft.firstName,
    lastname: draft.lastName,
    retired: draft.retired ? 1 : 0,
    DeletedDate: YEAR_ONE,
    registered: draft.registered,
    registered_associate_id: draft.associateId,
    updated: YEAR_ONE,
    updated_associate_id: 0,
    updatedCount: 0,
  })
  addEmails(world, person, draft.emails)
  return person
}

/** The default basis that the server itself gives a new person (wire page, 0.5). */
export function addStoreDefault(world: Installation, person: PersonRow): void {
  const { store } = world
  const stored = (list: 'consentpurpose' | 'legalbase', key: string) =>
    store[list].by('key', key)[0] ?? store[list].by('key', `#${key}`)[0]
  store.consentperson.insert({
    person_id: person.person_id,
    consentPurpose_id: Number(stored('consentpurpose', 'STORE')?.['consentPurpose_id']),
    legalBase_id: Number(stored('legalbase', '61F')?.['legalBase_id']),
    consentSource_id: Number(store.consentsource.by('key', 'USER')[0]?.['consentSource_id']),
    comment: '',
    registered: person.registered,
    registered_associate_id: person.registered_associate_id,
    updated: world.switches.updatedOnInsert === 'registered' ? person.registered : YEAR_ONE,
    updated_associate_id:
      world.switches.updatedOnInsert === 'registered' ? person.registered_associate_id : 0,
    updatedCount: world.switches.firstUpdatedCount,
  })
}

/** Replaces a person's addresses. Their table raises no event (wire page, section 8). */
export function replaceEmails(
  world: Installation,
  person: PersonRow,
  emails: readonly EmailDraft[],
): void {
  for (const row of [...world.store.email.by('person_id', person.person_id)]) {
    world.store.email.delete(row)
  }
  addEmails(world, person, emails)
}

/** Saves a person's card: stamps it, depending on a switch also its consent rows, and raises `person.changed`. */
export function savePerson(
  world: Installation,
  person: PersonRow,
  changes: { firstname?: string; lastname?: string; retired?: number; DeletedDate?: number },
  associateId: number,
): void {
  const at = world.nowSeconds()
  world.store.person.update(person, { ...changes, ...stampOf(person, associateId, at) })
  if (world.switches.saveTouchesConsent) {
    for (const row of world.store.consentperson.by('person_id', person.person_id)) {
      world.store.consentperson.update(row, stampOf(row, associateId, at))
    }
  }
  const event = changes.DeletedDate === undefined ? 'person.changed' : 'person.softdeleted'
  world.sender.enqueue(event, person.person_id, associateId, [...Object.keys(changes), 'updated'])
}

/** Deletes a person permanently, with addresses and consents. No delta shows it. */
export function deletePerson(world: Installation, person: PersonRow, associateId: number): void {
  const { store } = world
  replaceEmails(world, person, [])
  for (const row of [...store.consentperson.by('person_id', person.person_id)]) {
    store.consentperson.delete(row)
  }
  store.person.delete(person)
  store.unseen.delete(person.person_id)
  world.sender.enqueue('person.deleted', person.person_id, associateId, ['person_id'])
}

/** Merges a person into another: its addresses are appended to the survivor's, and its consents are deleted. */
export function mergePersons(
  world: Installation,
  person: PersonRow,
  survivor: PersonRow,
  associateId: number,
): void {
  const { store } = world
  const owned = store.emails(survivor.person_id)
  const moved = store
    .emails(person.person_id)
    .filter((row) => !owned.some((own) => own.email_address === row.email_address))
  deletePerson(world, person, associateId)
  const first = (owned.at(-1)?.rank ?? 0) + 1
  const drafts = moved.map((row, at) => ({ address: row.email_address, rank: first + at }))
  addEmails(world, survivor, drafts)
  savePerson(world, survivor, {}, associateId)
}

/** Whether a person exists for the API: neither deleted nor soft-deleted. */
export function isLive(person: PersonRow | undefined): person is PersonRow {
  return person !== undefined && person.DeletedDate === YEAR_ONE
}

function addEmails(world: Installation, person: PersonRow, emails: readonly EmailDraft[]): void {
  emails.forEach((email, at) => {
    world.store.email.insert({
      contact_id: 0,
      person_id: person.person_id,
      email_address: email.address,
      rank: email.rank ?? at + 1,
      type: email.type ?? 0,
      description: '',
    })
  })
}
