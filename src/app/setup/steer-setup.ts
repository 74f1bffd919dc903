import type { TemporalClient } from '../../config/temporal/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../../contracts/names.js'
import type {
  SetupPreview,
  SetupIntervention,
  SetupStatus,
  OverrideAnswer,
  SetupOverride,
} from '../../contracts/setup.js'
import { requireConnection } from '../connection/require-running.js'
import { lookAtSteps, type Progress, awaitResult } from '../await-result.js'
import { withLedger } from '../resources.js'
import { startOrJoin } from '../../client/start-or-join.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { asSetupError, lookAtSetup, lookAtWork } from './look-at-setup.js'

/**
 * Lets the set-up of a stored connection look at every step and change nothing. It has an id of its own, so that it may
 * run beside the set-up itself, or after it.
 *
 * @throws AppError `connection_not_found`, `crm_not_supported`, and what a step that cannot look fails with.
 */
export async function previewSetup(
  temporal: TemporalClient,
  connectionId: string,
  progress: Progress,
): Promise<SetupPreview> {
  const run = await startOrJoin(temporal.client, {
    type: await setupWorkflowOf(
      (await withLedger((db) => requireConnection(db, connectionId))).crm,
    ),
    workflowId: workflowIds.setupPreview(connectionId),
    queue: QUEUES.setup,
    input: { connectionId, dryRun: true },
    priorityKey: PRIORITY.setup,
    connectionId,
    summary: `Preview of the set-up of ${connectionId}`,
  })
  const look = lookAtSteps(run, progress)
  return awaitResult<SetupPreview>({ temporal, run, queue: QUEUES.setup, progress, look })
}

async function setupWorkflowOf(crm: string): Promise<string> {
  // Only a preview asks: steering a set-up does without what is to be known of CRMs.
  const { CRM_DRIVERS } = await import('../../crm/registry.js')
  const driver = CRM_DRIVERS.get(crm)
  if (!driver) {
    const message = `This release does not connect to ${crm}.`
    throw new AppError('crm_not_supported', message, { path: 'crm', value: crm })
  }
  return driver.setupWorkflow
}

const LOOK_EVERY_MS = 200
/** A worker that answered a moment ago takes a message within this time. */
const TAKEN_WITHIN_MS = 15_000

type Message = SetupStatus['messages'][number]

/** What `setup pause` and `setup resume` answer. */
export interface HeldSetup {
  readonly connectionId: string
  readonly workflowId: string
  /** What set-up made of it, in its own words. */
  readonly outcome: string
  readonly heldBy: SetupStatus['heldBy']
  readonly phase: SetupStatus['phase']
}

/**
 * Holds a set-up back before its next step, or lets it go on; waits until it says what came of it.
 *
 * @throws AppError `run_not_found` where none runs, `override_refused` where it makes no sense now, `worker_unreachable`.
 */
export async function holdSetup(
  temporal: TemporalClient,
  connectionId: string,
  action: 'pause' | 'resume',
  evidence: SetupIntervention,
): Promise<HeldSetup> {
  const workflowId = workflowIds.setup(connectionId)
  // A signal has no answer: what is new in the status afterwards is told.
  const before = await lookAtSetup(temporal, connectionId)
  try {
    await temporal.client.workflow.getHandle(workflowId).signal(action, evidence)
  } catch (error) {
    throw await asSetupError(error, temporal, connectionId)
  }
  const deadlineMs = Date.now() + TAKEN_WITHIN_MS
  while (Date.now() < deadlineMs) {
    const { status } = await lookAtSetup(temporal, connectionId)
    const outcome = newIn(status.messages, before.status.messages).find(isAbout(action))
    if (outcome !== undefined) {
      return accepted(status, workflowId, outcome.text)
    }
    await sleep(LOOK_EVERY_MS)
  }
  const message = `The message was sent, but not received yet; see \`lbsync setup status ${connectionId}\`.`
  throw new AppError('worker_unreachable', message, { path: 'connectionId', value: connectionId })
}

function accepted(status: SetupStatus, workflowId: string, outcome: string): HeldSetup {
  const { connectionId, heldBy, phase } = status
  const refused = /^\w+ refused: (.*)$/s.exec(outcome)
  if (refused) {
    const text = refused[1] ?? ''
    const sentence = `${text.charAt(0).toUpperCase()}${text.slice(1)}`
    throw new AppError('override_refused', sentence.endsWith('.') ? sentence : `${sentence}.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
  return { connectionId, workflowId, outcome, heldBy, phase }
}

/** How set-up begins what it says of each message. */
function isAbout(action: 'pause' | 'resume'): (message: Message) => boolean {
  const beginnings =
    action === 'pause' ? ['held back by ', 'pause refused:'] : ['resumed by ', 'resume refused:']
  return ({ text }) => beginnings.some((beginning) => text.startsWith(beginning))
}

/** Messages that were not there before; the same text at the same moment counts as often as it is there. */
function newIn(now: readonly Message[], before: readonly Message[]): readonly Message[] {
  const known = before.map(({ at, text }) => `${at} ${text}`)
  return now.filter(({ at, text }) => {
    const place = known.indexOf(`${at} ${text}`)
    if (place >= 0) {
      known.splice(place, 1)
    }
    return place < 0
  })
}

const ANSWER_WITHIN_MS = 15_000

/** What `setup override` answers. */
export interface OverriddenSetup extends OverrideAnswer {
  readonly connectionId: string
  readonly workflowId: string
}

/**
 * Decides a paused step of set-up, or of a disconnect where one runs, by the update, so that a refusal comes at once
 * (E3).
 *
 * @throws AppError `run_not_found` where none runs; `override_invalid`, `override_refused` as set-up judges it;
 * `worker_unreachable`.
 */
export async function overrideSetup(
  temporal: TemporalClient,
  connectionId: string,
  override: SetupOverride,
): Promise<OverriddenSetup> {
  // An update that nobody takes would be waited for; a worker that answers now takes it now.
  const { workflowId, work } = await lookAtWork(temporal, connectionId)
  try {
    const handle = temporal.client.workflow.getHandle(workflowId)
    const answer = await temporal.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      handle.executeUpdate<OverrideAnswer, [SetupOverride]>('override', { args: [override] }),
    )
    return { connectionId, workflowId, ...answer }
  } catch (error) {
    throw await asSetupError(error, temporal, connectionId, work)
  }
}
