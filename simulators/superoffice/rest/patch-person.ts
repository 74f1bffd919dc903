import { z } from 'zod'
import { json, type SimResponse } from '../../common/http-server.js'
import { badRequest } from '../errors.js'
import { savePerson } from '../model/persons.js'
import { type ApiCall, jsonBody } from '../server/api-call.js'
import { personOf } from './consent-operations.js'
import { personEntity } from './person-entity.js'

const bodySchema = z.strictObject({
  firstname: z.string().optional(),
  lastname: z.string().optional(),
  retired: z.boolean().optional(),
})

/** Saves a card by JSON Merge Patch (wire page, 5.4); also what is the same counts as a save. */
export function patchPerson(call: ApiCall): SimResponse {
  const person = personOf(call, call.parts[0])
  const parsed = bodySchema.safeParse(jsonBody(call))
  if (!parsed.success) {
    throw badRequest('The request is invalid.')
  }
  const { firstname, lastname, retired } = parsed.data
  const changes = {
    ...(firstname === undefined ? {} : { firstname }),
    ...(lastname === undefined ? {} : { lastname }),
    ...(retired === undefined ? {} : { retired: retired ? 1 : 0 }),
  }
  savePerson(call.world, person, changes, call.associateId)
  return json(200, personEntity(call, person))
}
