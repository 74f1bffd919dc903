import { defineQuery, setCurrentDetails, setHandler, uuid4 } from '@temporalio/workflow'
import type { Phase } from '../contracts/names.js'
import type { RunReference, StepDescription } from '../contracts/sync-activities.js'
import { brief, sync } from './activity-proxies.js'
import { mark } from './phase.js'
import { drainAll } from './drain-all.js'
import { syncUntilQuiet } from './sync-until-quiet.js'

/** Which connection. */
export interface SetupInput {
  readonly connectionId: string
}

/** One step as it stands. Times are ISO UTC. */
export interface StepStatus {
  readonly id: string
  readonly title: string
  readonly state: 'pending' | 'running' | 'done' | 'failed'
  readonly startedAt: string | null
  readonly endedAt: string | null
}

/** Answer of the query `status`. */
export interface SetupStatus {
  readonly connectionId: string
  readonly phase: Phase
  readonly percent: number
  readonly steps: readonly StepStatus[]
}

export const setupStatusQuery = defineQuery<SetupStatus>('status')

/** Sets Dynamics up (rule E1): the CRM's own steps in order, then what every CRM has. Safe to run again. */
export async function dynamicsSetup(input: SetupInput): Promise<SetupStatus> {
  const { connectionId } = input
  const plan = await brief.planSetup(input)
  const run: RunReference = { connectionId, runId: uuid4(), tier: 'setup' }
  const steps = plan.steps.map((step) => ({ step, status: pending(step) }))
  let phase: Phase = 'running'
  const status = (): SetupStatus => {
    const done = steps.filter(({ status: { state } }) => state === 'done')
    return {
      connectionId,
      phase,
      percent: Math.floor((100 * weightOf(done)) / weightOf(steps)),
      steps: steps.map((entry) => entry.status),
    }
  }
  setHandler(setupStatusQuery, status)
  mark({ connectionId, crm: plan.crm, phase, tier: 'setup' })
  for (const entry of steps) {
    entry.status = { ...entry.status, state: 'running', startedAt: now() }
    setCurrentDetails(`${entry.step.title} (${status().percent} %)`)
    try {
      await runStep(entry.step.id, run)
      entry.status = { ...entry.status, state: 'done', endedAt: now() }
    } catch (error) {
      entry.status = { ...entry.status, state: 'failed', endedAt: now() }
      phase = 'failed'
      setCurrentDetails(`Stopped at: ${entry.step.title}`)
      mark({ connectionId, phase })
      throw error
    }
  }
  phase = 'done'
  setCurrentDetails('Set up; the sweep runs every half hour')
  mark({ connectionId, phase })
  return status()
}

async function runStep(stepId: string, run: RunReference): Promise<void> {
  const { connectionId } = run
  switch (stepId) {
    case 'webhooks':
      return sync.installWebhooks({ connectionId })
    case 'categories':
      await sync.syncCategories(run)
      return
    case 'firstSync':
      await sync.catchUpBoth(run)
      await syncUntilQuiet(run, 'copy', (totals) => {
        setCurrentDetails(`First sync: ${totals.addresses} contacts looked at`)
      })
      return
    case 'sweep':
      await brief.activateConnection({ connectionId })
      await drainAll(run)
      return brief.startSweep({ connectionId })
    default:
      return sync.runSetupStep({ connectionId, stepId })
  }
}

function pending({ id, title }: StepDescription): StepStatus {
  return { id, title, state: 'pending', startedAt: null, endedAt: null }
}

function weightOf(steps: readonly { readonly step: StepDescription }[]): number {
  return steps.reduce((sum, { step }) => sum + step.weight, 0)
}

function now(): string {
  return new Date().toISOString()
}
