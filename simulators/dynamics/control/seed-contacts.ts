import { json, type SimResponse } from '../../common/http-server.js'
import { randomGuid, seededRandom } from '../../common/random.js'
import { setFullName } from '../data/contact-rules.js'
import { stableGuid } from '../organisation.js'
import type { Json } from '../store/schema.js'
import { seedRow } from '../store/seed-row.js'
import type { ControlCall, ControlRoute } from './control-call.js'

const FIRST = ['Ann', 'Bo', 'Carin', 'David', 'Elsa', 'Filip', 'Greta', 'Hugo', 'Ines', 'Jon']
const LAST = ['Lee', 'Berg', 'Dahl', 'Ek', 'Falk', 'Holm', 'Lind', 'Nyman', 'Strand', 'Wik']

/**
 * `POST seed/contacts {count, seed, domain, doNotAllowShare, prefix}`: contacts with stable ids and addresses
 * (`<prefix><n>@<domain>`, n from 1), without events.
 */
export const seedContacts: ControlRoute = (call) => {
  const [head, what] = call.segments
  return head === 'seed' && what === 'contacts' && call.method === 'POST' ? seed(call) : undefined
}

function seed(call: ControlCall): SimResponse {
  const { body, targets } = call
  const count = numberOr(body['count'], 0)
  const start = numberOr(body['start'], 1)
  const share = numberOr(body['doNotAllowShare'], 0.1)
  const domain = typeof body['domain'] === 'string' ? body['domain'] : 'example.com'
  const prefix = typeof body['prefix'] === 'string' ? body['prefix'] : 'person'
  const seedNumber = numberOr(body['seed'], 1)
  const random = seededRandom(seedNumber)
  const user = stableGuid('person SYSTEM')
  let firstId = ''
  let lastId = ''
  for (let n = start; n < start + count; n++) {
    const values: Record<string, Json> = {
      firstname: FIRST[Math.floor(random() * FIRST.length)] ?? 'Ann',
      lastname: LAST[Math.floor(random() * LAST.length)] ?? 'Lee',
      emailaddress1: `${prefix}${n}@${domain}`,
      donotbulkemail: random() < share,
      createdby: user,
      modifiedby: user,
    }
    setFullName(values)
    lastId = seedRow(targets.org, 'contact', randomGuid(random), values).id
    firstId = firstId === '' ? lastId : firstId
  }
  const total = targets.org.store.rows('contact').size
  return json(201, { created: count, total, firstId, lastId })
}

function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
