import type { Installation } from '../installation.js'
import { removeConsent, writeConsent } from '../model/consents.js'
import { YEAR_ONE } from '../model/dates.js'
import { deletePerson, mergePersons, replaceEmails, savePerson } from '../model/persons.js'
import type { ConsentRow, PersonRow } from '../model/rows.js'
import type { ControlCall, ControlRoute } from './control-route.js'
import { addPersons } from './add-persons.js'
import { ControlError } from './control-error.js'
import { personFacts } from './dump.js'
import { CRM_USER, itemByKey } from './lookup.js'
import * as schemas from './schemas.js'
import { seedPersons } from './seed-persons.js'

/** Acts of people in the CRM. */
export const personControls: ControlRoute = (call) => {
  const { world, method, segments } = call
  const [head, id, verb] = segments
  if (head === 'seed' && method === 'POST') {
    return seedPersons(world, call.body(schemas.seedBody))
  }
  if (head !== 'persons') {
    return undefined
  }
  if (id === undefined) {
    return method === 'POST' ? addPersons(world, call.body(schemas.personsBody).persons) : undefined
  }
  const person = world.store.person.get(Number(id))
  if (person === undefined) {
    throw new ControlError(`no person ${id}`)
  }
  if (method === 'GET') {
    return personFacts(world, person)
  }
  return method === 'POST' && act(call, person, verb) ? afterwards(world, person) : undefined
}

function act(call: ControlCall, person: PersonRow, verb: string | undefined): boolean {
  const { world } = call
  switch (verb) {
    case 'emails':
      replaceEmails(world, person, call.body(schemas.emailsBody).emails)
      return true
    case 'save': {
      const { firstName, lastName, retired, associateId } = call.body(schemas.saveBody)
      const changes = {
        ...(firstName === undefined ? {} : { firstname: firstName }),
        ...(lastName === undefined ? {} : { lastname: lastName }),
        ...(retired === undefined ? {} : { retired: retired ? 1 : 0 }),
      }
      savePerson(world, person, changes, associateId ?? CRM_USER)
      return true
    }
    case 'delete': {
      const { soft, associateId } = call.body(schemas.deleteBody)
      if (soft) {
        const changes = { DeletedDate: world.nowSeconds() }
        savePerson(world, person, changes, associateId ?? CRM_USER)
      } else {
        deletePerson(world, person, associateId ?? CRM_USER)
      }
      return true
    }
    case 'merge': {
      const { into, associateId } = call.body(schemas.mergeBody)
      const survivor = world.store.person.get(into)
      if (survivor === undefined || survivor === person) {
        throw new ControlError(`no other person ${into}`)
      }
      mergePersons(world, person, survivor, associateId ?? CRM_USER)
      return true
    }
    case 'restore':
      world.store.person.update(person, { DeletedDate: YEAR_ONE })
      return true
    case 'unseen':
      if (call.body(schemas.unseenBody).unseen) {
        world.store.unseen.add(person.person_id)
      } else {
        world.store.unseen.delete(person.person_id)
      }
      return true
    default:
      return actOnConsent(call, person, verb)
  }
}

function actOnConsent(call: ControlCall, person: PersonRow, verb: string | undefined): boolean {
  const { world } = call
  const common = { personId: person.person_id, via: 'control' } as const
  switch (verb) {
    case 'consent': {
      const body = call.body(schemas.consentBody)
      writeConsent(world, {
        ...common,
        purpose: itemByKey(world, 'consentpurpose', body.purpose),
        legalBase: itemByKey(world, 'legalbase', body.legalBase),
        source: itemByKey(world, 'consentsource', body.source ?? 'USER'),
        comment: body.comment ?? '',
        associateId: body.associateId ?? CRM_USER,
        at: body.at,
      })
      return true
    }
    case 'edit-consent': {
      const { purpose, comment, associateId } = call.body(schemas.editConsentBody)
      const row = rowOf(world, person, purpose)
      writeConsent(world, {
        ...common,
        purpose: itemByKey(world, 'consentpurpose', purpose),
        legalBase: world.store.legalbase.get(row.legalBase_id)!,
        source: world.store.consentsource.get(row.consentSource_id)!,
        comment,
        associateId: associateId ?? CRM_USER,
      })
      return true
    }
    case 'remove-consent': {
      const { purpose, associateId } = call.body(schemas.removeConsentBody)
      removeConsent(world, rowOf(world, person, purpose), associateId ?? CRM_USER)
      return true
    }
    default:
      return false
  }
}

function rowOf(world: Installation, person: PersonRow, purpose: string): ConsentRow {
  const purposeId = Number(itemByKey(world, 'consentpurpose', purpose)['consentPurpose_id'])
  const row = world.store.consent(person.person_id, purposeId)
  if (row === undefined) {
    throw new ControlError(`no consent row for ${purpose}`)
  }
  return row
}

function afterwards(world: Installation, person: PersonRow) {
  const still = world.store.person.get(person.person_id)
  return still === undefined ? {} : personFacts(world, still)
}
