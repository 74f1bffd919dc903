import { seededRandom } from '../../common/random.js'
import type { Installation } from '../installation.js'
import { YEAR_ONE } from '../model/dates.js'
import { addPerson } from '../model/persons.js'
import { CRM_USER, itemByKey } from './lookup.js'
import type { SeedPlan } from './schemas.js'

const YEAR_SECONDS = 365 * 86_400

/** Seeds many persons with old creation times, a minute apart; no events. */
export function seedPersons(world: Installation, plan: SeedPlan) {
  const random = seededRandom(plan.seed)
  const oldest = world.nowSeconds() - 2 * YEAR_SECONDS
  const source = Number(itemByKey(world, 'consentsource', 'IMPORT')['consentSource_id'])
  const purposes = [
    { id: purposeId(world, 'STORE'), pick: picker(world, plan.store) },
    { id: purposeId(world, 'EMARKETING'), pick: picker(world, plan.marketing) },
  ]
  let first = 0
  let last = 0
  for (let n = plan.firstNumber; n < plan.firstNumber + plan.count; n += 1) {
    const registered = oldest + (n - plan.firstNumber)
    const person = addPerson(world, {
      firstName: `Person${n}`,
      lastName: 'Seeded',
      emails: [{ address: plan.emailPattern.replace('{n}', String(n)) }],
      registered,
      retired: false,
      associateId: CRM_USER,
    })
    for (const { id, pick } of purposes) {
      const base = pick(random())
      if (base !== null) {
        world.store.consentperson.insert({
          person_id: person.person_id,
          consentPurpose_id: id,
          legalBase_id: base,
          consentSource_id: source,
          comment: '',
          registered: registered + 60,
          registered_associate_id: CRM_USER,
          updated: YEAR_ONE,
          updated_associate_id: 0,
          updatedCount: world.switches.firstUpdatedCount,
        })
      }
    }
    first = first === 0 ? person.person_id : first
    last = person.person_id
  }
  return { firstPersonId: first, lastPersonId: last, total: world.store.person.size }
}

function purposeId(world: Installation, key: string): number {
  return Number(itemByKey(world, 'consentpurpose', key)['consentPurpose_id'])
}

/** Picks a legal base id by weight from a number in [0, 1); `none` means no row. */
function picker(world: Installation, weights: Readonly<Record<string, number>>) {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0)
  const options = Object.entries(weights).map(([key, weight]) => ({
    share: weight / total,
    id: key === 'none' ? null : Number(itemByKey(world, 'legalbase', key)['legalBase_id']),
  }))
  return (at: number): number | null => {
    let rest = at
    for (const option of options) {
      rest -= option.share
      if (rest < 0) {
        return option.id
      }
    }
    return options.at(-1)?.id ?? null
  }
}
