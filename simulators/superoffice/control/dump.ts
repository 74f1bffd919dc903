import { wireDate, YEAR_ONE } from '../model/dates.js'
import type { Installation } from '../installation.js'
import type { PersonRow } from '../model/rows.js'

const CHUNK = 10_000

/** The complete state as NDJSON, one line per person by id, for a checker that shares no code with the API. */
export function dumpPersons(world: Installation): Buffer {
  const buffers: Buffer[] = []
  let lines: string[] = []
  const flush = () => {
    buffers.push(Buffer.from(lines.join('')))
    lines = []
  }
  for (const person of world.store.person.from()) {
    lines.push(`${JSON.stringify(personFacts(world, person))}\n`)
    if (lines.length === CHUNK) {
      flush()
    }
  }
  flush()
  return Buffer.concat(buffers)
}

/** One person with addresses and consent rows, lists by key, times with a zone or null. */
export function personFacts(world: Installation, person: PersonRow) {
  const { store } = world
  const consents = store.consentperson.by('person_id', person.person_id).map((row) => [
    store.consentpurpose.get(row.consentPurpose_id)?.key ?? '',
    {
      consentPersonId: row.consentperson_id,
      legalBase: store.legalbase.get(row.legalBase_id)?.key ?? null,
      source: store.consentsource.get(row.consentSource_id)?.key ?? null,
      comment: row.comment,
      registered: time(row.registered),
      registeredAssociateId: row.registered_associate_id,
      updated: time(row.updated),
      updatedAssociateId: row.updated_associate_id,
      updatedCount: row.updatedCount,
    },
  ])
  return {
    personId: person.person_id,
    firstName: person.firstname,
    lastName: person.lastname,
    registered: time(person.registered),
    updated: time(person.updated),
    retired: person.retired === 1,
    deleted: time(person.DeletedDate),
    emails: store.email
      .by('person_id', person.person_id)
      .map((row) => ({ address: row.email_address, rank: row.rank, type: row.type })),
    consents: Object.fromEntries(consents) as Record<string, unknown>,
  }
}

function time(seconds: number): string | null {
  return seconds === YEAR_ONE ? null : wireDate(seconds, 'Z')
}
