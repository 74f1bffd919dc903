import { ApplicationFailure } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import type { SetupActivities, StepOutcome } from '../../../src/contracts/setup-activities.js'

/** How the two attempts of a step overlap. */
export type Overlap =
  /** There is only one. */
  | 'one'
  /** Both begin at the same moment. */
  | 'together'
  /** A write of the first attempt is executed only after the second has ended; then the first continues. */
  | { readonly lateWrite: number }

/** Makes one write to the stand-in late. @returns whether it has arrived. */
export type MakeLate = (skip: number) => Promise<() => Promise<boolean>>

const RETRIES = 5

/** Runs a step by two independent attempts of its activity, as after a missed heartbeat. */
export async function runTwice(
  activities: SetupActivities,
  input: { readonly connectionId: string; readonly stepId: string },
  overlap: Overlap,
  makeLate: MakeLate,
): Promise<StepOutcome> {
  if (overlap === 'one') {
    return attempts(activities, input)
  }
  if (overlap === 'together') {
    const [, outcome] = await Promise.all([once(activities, input, 1), attempts(activities, input)])
    return outcome
  }
  const hasCome = await makeLate(overlap.lateWrite)
  let ended = false
  const first = once(activities, input, 1).finally(() => {
    ended = true
  })
  while (!ended && !(await hasCome())) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const outcome = await attempts(activities, input)
  await first
  return outcome
}

/** Nobody receives the result of the first attempt. */
async function once(
  activities: SetupActivities,
  { connectionId, stepId }: { readonly connectionId: string; readonly stepId: string },
  attempt: number,
): Promise<StepOutcome | Error> {
  const environment = new MockActivityEnvironment({ attempt })
  const input = { connectionId, stepId, choice: null }
  const outcome: Promise<StepOutcome> = environment.run(activities.runSetupStep, input)
  return outcome.catch((error: unknown) => error as Error)
}

/** The second attempt and later ones, as the server makes them. */
async function attempts(
  activities: SetupActivities,
  input: { readonly connectionId: string; readonly stepId: string },
): Promise<StepOutcome> {
  for (let attempt = 2; ; attempt += 1) {
    const outcome = await once(activities, input, attempt)
    if (!(outcome instanceof Error)) {
      return outcome
    }
    const final = outcome instanceof ApplicationFailure && outcome.nonRetryable === true
    if (final || attempt > RETRIES) {
      throw outcome
    }
  }
}
