import {
  type CrmFacts,
  SetupPaused,
  type SetupStep,
  type StepContext,
  type StepVerdict,
  type WebhookTarget,
} from '../../../../src/crm/crm.js'
import { dynamicsDriver } from '../../../../src/crm/dynamics/driver.js'
import type { StandIn } from './stand-in.js'

/** Nothing is chosen, and subscriptions are synced. */
export const PLAIN: StepContext = { choice: null, subscriptionSync: true }

/** The steps that this folder tests; forms and views have tests of their own. */
export const OWN_STEPS: readonly SetupStep[] = dynamicsDriver.setupSteps.filter(
  ({ id }) => !['view', 'form', 'publish'].includes(id),
)

/** The target of webhooks. Facts to store immediately are added to the list. */
export function targetOf(url: string, kept: CrmFacts[] = []): WebhookTarget {
  return {
    url,
    keep(facts) {
      kept.push(facts)
      return Promise.resolve()
    },
  }
}

/** A step by its id. */
export function stepOf(id: string): SetupStep {
  const step = dynamicsDriver.setupSteps.find((one) => one.id === id)
  if (step === undefined) {
    throw new Error(`no step ${id}`)
  }
  return step
}

/** Checks a step in a session of its own. */
export function look(
  stand: StandIn,
  step: SetupStep,
  facts: CrmFacts,
  context: StepContext = PLAIN,
): Promise<StepVerdict> {
  return step.verify(stand.open(facts), context)
}

/** Runs one step as the generic runner does: check, do, check again, each in its own session. @throws SetupPaused */
export async function runStep(
  stand: StandIn,
  step: SetupStep,
  facts: CrmFacts,
  context: StepContext = PLAIN,
): Promise<CrmFacts> {
  let known = facts
  const seen = await look(stand, step, known, context)
  if (seen.state === 'due') {
    known = { ...known, ...(await step.do(stand.open(known), context)) }
  }
  const after = seen.state === 'due' ? await look(stand, step, known, context) : seen
  switch (after.state) {
    case 'done':
    case 'skipped':
      return { ...known, ...after.facts }
    case 'paused':
      throw new SetupPaused(after.pause)
    case 'due':
      throw new Error(`${step.id} is still due: ${JSON.stringify(after.changes)}`)
  }
}

/** Runs steps in order; by default all of this folder's. */
export async function runSteps(
  stand: StandIn,
  before: CrmFacts = {},
  ids: readonly string[] = OWN_STEPS.map(({ id }) => id),
  context: StepContext = PLAIN,
): Promise<CrmFacts> {
  let facts = before
  for (const id of ids) {
    facts = await runStep(stand, stepOf(id), facts, context)
  }
  return facts
}

/** Runs all of this folder's steps before the one named. */
export function runUpTo(stand: StandIn, id: string): Promise<CrmFacts> {
  const ids = OWN_STEPS.map((step) => step.id)
  return runSteps(stand, {}, ids.slice(0, ids.indexOf(id)))
}

/** Undoes steps in reverse order. */
export async function undoSteps(
  stand: StandIn,
  before: CrmFacts,
  steps: readonly SetupStep[] = OWN_STEPS,
): Promise<CrmFacts> {
  let facts = before
  for (const step of steps.toReversed()) {
    facts = { ...facts, ...(await step.undo(stand.open(facts), PLAIN)) }
  }
  return facts
}

/** The requests since the counters were reset that would change something. */
export async function writesMade(stand: StandIn): Promise<string[]> {
  const snapshot = await stand.control<Record<string, unknown>>('GET', 'counters')
  return JSON.stringify(snapshot).match(/(POST|PUT|PATCH|DELETE) [^"]*\/api\/[^"]*/g) ?? []
}
