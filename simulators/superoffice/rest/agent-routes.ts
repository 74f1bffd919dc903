import { json } from '../../common/http-server.js'
import { archiveByColumns } from '../archive/by-columns.js'
import { forbidden, notFound } from '../errors.js'
import { isLive } from '../model/persons.js'
import { idsIn, jsonBody, parameters } from '../server/api-call.js'
import { consentInfos } from './consent-info.js'
import { consentPerson, saveConsentPerson } from './consent-person.js'
import { hasConsent, setConsent, turnOffConsent } from './consent-operations.js'
import { personEntity, simplePerson } from './person-entity.js'
import { agent, NO_CONTENT, type Route } from './route.js'
import { upsertConsents } from './upsert.js'

/** Agents: RPC by POST; 200 `null` when nothing is found, 204 for void (wire page, section 3). */
export const agentRoutes: readonly Route[] = [
  agent('Person/SetConsent', 'agentSetConsent', (call) => {
    const body = jsonBody(call)
    setConsent(call, 'agent', {
      personId: body['personid'],
      purpose: body['purpose'],
      source: body['source'],
      legalBase: body['legalbase'],
      comment: body['comment'],
    })
    return NO_CONTENT
  }),
  agent('Person/HasConsent', 'agentHasConsent', (call) => {
    const body = jsonBody(call)
    return json(200, hasConsent(call, body['personid'], body['purpose']))
  }),
  agent('Person/RemoveConsent', 'agentRemoveConsent', (call) => {
    const body = jsonBody(call)
    turnOffConsent(call, body['personid'], body['purpose'])
    return NO_CONTENT
  }),
  agent('Person/GetConsentInfos', 'agentConsentInfos', (call) => {
    const person = call.world.store.person.get(Number(jsonBody(call)['personid']))
    return json(200, isLive(person) ? consentInfos(call, person.person_id) : null)
  }),
  agent('Person/GetPersonEntity', 'agentPersonEntity', (call) => {
    const id = parameters(call, ['personEntityId']).get('personEntityId')
    const person = call.world.store.person.get(Number(id))
    return json(200, isLive(person) ? personEntity(call, person) : null)
  }),
  agent('Person/GetPersonList', 'agentPersonList', (call) => {
    const persons = idsIn(call).map((id) => call.world.store.person.get(id))
    return json(
      200,
      persons.filter(isLive).map((person) => simplePerson(call, person)),
    )
  }),
  agent('Person/GetConsentPerson', 'agentConsentPerson', (call) => {
    const id = parameters(call, ['consentPersonId']).get('consentPersonId')
    const row = call.world.store.consentperson.get(Number(id))
    return json(200, row === undefined ? null : consentPerson(row))
  }),
  agent('Person/SaveConsentPerson', 'agentSaveConsent', (call) =>
    json(200, saveConsentPerson(call)),
  ),
  agent('Archive/GetArchiveListByColumns2', 'agentArchive', (call) =>
    json(200, archiveByColumns(call, jsonBody(call))),
  ),
  agent('DatabaseTable/Upsert', 'upsert', (call) => {
    switch (call.world.switches.upsert) {
      case 'absent':
        throw notFound('No such agent')
      case 'forbidden':
        throw forbidden('The agent DatabaseTable is not available')
      case 'available':
        return json(200, upsertConsents(call, jsonBody(call)))
    }
  }),
]
