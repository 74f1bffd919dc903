import { json, type SimResponse } from '../../common/http-server.js'
import { badRequest } from '../errors.js'
import { wireDate } from '../model/dates.js'
import type { PersonRow } from '../model/rows.js'
import { type ApiCall, parameters } from '../server/api-call.js'
import { consentInfos } from './consent-info.js'
import { hasConsent, personOf, setConsent, turnOffConsent } from './consent-operations.js'
import { NO_CONTENT, type Route } from './route.js'

/** A person and its consents (wire page, section 5). */
export const personRoutes: readonly Route[] = [
  {
    operation: 'person',
    method: 'GET',
    pattern: /^Person\/(\d+)$/,
    handle: (call) => readPerson(call, personOf(call, call.parts[0])),
  },
  {
    operation: 'consents',
    method: 'GET',
    pattern: /^Person\/(\d+)\/Consent$/,
    handle: (call) => json(200, consentInfos(call, personOf(call, call.parts[0]).person_id)),
  },
  {
    operation: 'hasConsent',
    method: 'GET',
    pattern: /^Person\/(\d+)\/Consent\/([^/]+)$/,
    handle: (call) => json(200, hasConsent(call, call.parts[0], call.parts[1])),
  },
  {
    operation: 'putConsent',
    method: 'PUT',
    pattern: /^Person\/(\d+)\/Consent\/([^/]+)$/,
    handle: putConsent,
  },
  {
    operation: 'deleteConsent',
    method: 'DELETE',
    pattern: /^Person\/(\d+)\/Consent\/([^/]+)$/,
    handle: (call) => {
      turnOffConsent(call, call.parts[0], call.parts[1])
      return NO_CONTENT
    },
  },
]

/** Query parameters, no body. */
function putConsent(call: ApiCall): SimResponse {
  const given = parameters(call, ['source', 'legalBase', 'comment'])
  if (call.request.body.length > 0) {
    throw badRequest('This operation takes no body')
  }
  for (const name of ['source', 'legalBase']) {
    if ((given.get(name) ?? '') === '') {
      throw badRequest(`Parameter '${name}' is required`)
    }
  }
  setConsent(call, 'rest', {
    personId: call.parts[0],
    purpose: call.parts[1],
    source: given.get('source'),
    legalBase: given.get('legalBase'),
    comment: given.get('comment'),
  })
  return NO_CONTENT
}

function readPerson(call: ApiCall, person: PersonRow): SimResponse {
  const since = Date.parse(call.request.headers['if-modified-since'] ?? '')
  if (Math.max(person.updated, person.registered) * 1000 <= since) {
    return { status: 304 }
  }
  return json(200, personEntity(call, person))
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
