import { wireDate } from '../model/dates.js'
import type { PersonRow } from '../model/rows.js'
import type { ApiCall } from '../server/api-call.js'
import { consentInfos } from './consent-info.js'

/** A person in an agent's list: no consents, one address, `Retired` a number. */
export function simplePerson(call: ApiCall, person: PersonRow) {
  return {
    PersonId: person.person_id,
    Firstname: person.firstname,
    Lastname: person.lastname,
    FullName: `${person.firstname} ${person.lastname}`.trim(),
    Email: call.world.store.emails(person.person_id)[0]?.email_address ?? '',
    Retired: person.retired,
    TableRight: null,
    FieldProperties: {},
  }
}

/** The entity, with the properties that concern the sync. */
export function personEntity(call: ApiCall, person: PersonRow) {
  const self = `${call.world.shownApi()}/v1/Person/${person.person_id}`
  return {
    PersonId: person.person_id,
    Firstname: person.firstname,
    Lastname: person.lastname,
    FullName: `${person.firstname} ${person.lastname}`.trim(),
    CreatedDate: wireDate(person.registered, call.zoneSuffix),
    UpdatedDate: wireDate(person.updated, call.zoneSuffix),
    Emails: call.world.store.emails(person.person_id).map((email) => ({
      Value: email.email_address,
      StrippedValue: email.email_address.toLowerCase(),
      Description: email.description,
    })),
    MobilePhones: [],
    Contact: null,
    Retired: person.retired === 1,
    NoMailing: false,
    ShipmentTypes: [],
    Consents: consentInfos(call, person.person_id),
    TableRight: null,
    FieldProperties: {},
    _Links: { Self: self },
  }
}
