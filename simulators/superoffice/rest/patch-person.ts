import { z } from 'zod'
import { json, type SimResponse } from '../../common/http-server.js'
import { badRequest, ServiceError } from '../errors.js'
import type { PersonRow } from '../model/rows.js'
import { savePerson } from '../model/persons.js'
import { type ApiCall, bodyOf, fieldsOf } from '../server/api-call.js'
import { personOf } from './consent-operations.js'
import { personEntity } from './person-entity.js'

const bodySchema = z.strictObject({
  firstname: z.string().optional(),
  lastname: z.string().optional(),
  retired: z.boolean().optional(),
})

/** Saves a card by JSON Merge Patch or JSON Patch (wire page, 5.4). Equal values also count as a save. */
export function patchPerson(call: ApiCall): SimResponse {
  const person = personOf(call, call.parts[0])
  requireUnmodified(call, person)
  const body = bodyOf(call)
  const parsed = bodySchema.safeParse(
    Array.isArray(body) ? fromOperations(body, personEntity(call, person)) : fieldsOf(body),
  )
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

const operationsSchema = z.array(
  z.object({
    op: z.enum(['add', 'replace', 'test']),
    path: z.string().regex(/^\/?\w+$/),
    value: z.unknown(),
  }),
)

/** JSON Patch: paths ignore case, the leading slash is optional; a failed `test` is 409. */
function fromOperations(body: readonly unknown[], shown: object): Record<string, unknown> {
  const parsed = operationsSchema.safeParse(body)
  if (!parsed.success) {
    throw badRequest('The request is invalid.')
  }
  const present = fieldsOf(shown)
  const changes: Record<string, unknown> = {}
  for (const { op, path, value } of parsed.data) {
    const name = path.replace('/', '').toLowerCase()
    if (op !== 'test') {
      changes[name] = value
    } else if (present[name] !== value) {
      throw new ServiceError(409, 'JsonPatchTestFailed', 'A test of the patch failed')
    }
  }
  return changes
}

/** Compares the person's own date in full seconds. */
function requireUnmodified(call: ApiCall, person: PersonRow): void {
  const since = Date.parse(call.request.headers['if-unmodified-since'] ?? '')
  if (Math.max(person.updated, person.registered) * 1000 > since) {
    throw new ServiceError(412, 'PreconditionFailed', 'The person was changed since')
  }
}
