import { SetupPaused, type CrmFacts } from '../../../src/crm/crm.js'
import { stepContext, type ContractStand } from './contract-stand.js'

/**
 * Runs steps in order as the generic runner does: check, do, check again, each in its own session. @throws SetupPaused
 */
export async function setUp(stand: ContractStand, before: CrmFacts = {}): Promise<CrmFacts> {
  let facts = before
  for (const step of stand.driver.setupSteps) {
    const look = () => step.verify(stand.open(facts), stepContext(stand))
    let seen = await look()
    if (seen.state === 'due') {
      facts = { ...facts, ...(await step.do(stand.open(facts), stepContext(stand))) }
      seen = await look()
    }
    if (seen.state === 'paused') {
      throw new SetupPaused(seen.pause)
    }
    if (seen.state === 'due') {
      throw new Error(`${step.id} is still due: ${JSON.stringify(seen.changes)}`)
    }
    facts = { ...facts, ...seen.facts }
  }
  return facts
}

/** The verdict of each step, without running it. */
export async function lookAtAll(stand: ContractStand, facts: CrmFacts): Promise<string[]> {
  const states: string[] = []
  for (const step of stand.driver.setupSteps) {
    const verdict = await step
      .verify(stand.open(facts), stepContext(stand))
      .catch((error: unknown) => {
        if (error instanceof SetupPaused) {
          return { state: 'paused', pause: error.pause } as const
        }
        throw error
      })
    states.push(`${step.id} ${verdict.state}`)
  }
  return states
}

/** Undoes everything, in reverse order. */
export async function undoAll(stand: ContractStand, before: CrmFacts): Promise<CrmFacts> {
  let facts = before
  for (const step of stand.driver.setupSteps.toReversed()) {
    facts = { ...facts, ...(await step.undo(stand.open(facts), stepContext(stand))) }
  }
  return facts
}
