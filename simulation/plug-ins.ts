import { People } from './people.js'
import type { Stage } from './stage.js'
import type { OwnWrite } from './systems/emarketeer.js'

/** What plug-ins do in answer to our writes. */
const REACTIONS = [
  'crmEdit',
  'crmEdit',
  'crmEdit',
  'crmDeny',
  'crmDeny',
  'crmNo',
  'crmStoreDeny',
  'crmAllow',
  'crmYes',
  'crmStoreAllow',
  'crmMove',
] as const
const REACTION_MS = 4_000

/** Plug-ins of the CRM. */
export class PlugIns {
  private reactions = 0

  constructor(private readonly stage: Stage) {}

  /** A plug-in of the CRM answers our write within seconds: it saves a card, or answers for the person. */
  react({ email, recordId, cell }: OwnWrite): void {
    const { scheduler, chance } = this.stage
    const id = (this.reactions += 1)
    const place = `${recordId} ${cell} ${id}`
    if (email === null || !this.stage.faults.reacts(place)) {
      return
    }
    scheduler.at(scheduler.nowMs + chance.between(0, REACTION_MS, 'reaction', place), () => {
      const kind = chance.pick(REACTIONS, 'reaction', place)
      const act = { id: -id, atMs: 0, life: People.lifeOf(email), kind }
      const asUs = chance.of('reacts as us', place) < 0.5
      const what = this.stage.people.do(act, asUs) ?? 'nothing'
      scheduler.note(`plug-in${asUs ? ' under our user' : ''} after ${place}: ${what}`)
    })
  }
}
