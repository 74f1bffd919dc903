import { json, type SimResponse } from '../../common/http-server.js'
import { badRequest } from '../errors.js'
import type { PersonRow } from '../model/rows.js'
import { type ApiCall, parameters } from '../server/api-call.js'
import { consentInfos } from './consent-info.js'
import { hasConsent, personOf, setConsent, turnOffConsent } from './consent-operations.js'
import { patchPerson } from './patch-person.js'
import { personEntity } from './person-entity.js'
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
    operation: 'patchPerson',
    method: 'PATCH',
    pattern: /^Person\/(\d+)$/,
    handle: patchPerson,
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
