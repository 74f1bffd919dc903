import type { TemporalClient } from '../../config/temporal/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import { requireDriver } from '../../crm/crm.js'
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
 * Runs the set-up of a stored connection as a preview, which checks every step and changes nothing. The preview has its
 * own workflow id, so that it may run beside set-up or after it.
 * @throws AppError `connection_not_found`, `crm_not_supported`, and the errors of a step that cannot check.
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
  // Loaded here, because only a preview needs the registry of CRMs.
  const { CRM_DRIVERS } = await import('../../crm/registry.js')
  return requireDriver(CRM_DRIVERS, crm).setupWorkflow
}

const LOOK_EVERY_MS = 200
/** A worker that answered a moment ago receives a message within this time. */
const TAKEN_WITHIN_MS = 15_000

type Message = SetupStatus['messages'][number]

/** The answer of `setup pause` and `setup resume`. */
export interface HeldSetup {
  readonly connectionId: string
  readonly workflowId: string
  /** Set-up's reaction, in its own words. */
  readonly outcome: string
  readonly heldBy: SetupStatus['heldBy']
  readonly phase: SetupStatus['phase']
}

/**
 * Holds a set-up back before its next step, or lets it continue. Waits for set-up's reaction.
 * @throws AppError `run_not_found` if none runs, `override_refused` if it is not possible now, `worker_unreachable`.
 */
export async function holdSetup(
  temporal: TemporalClient,
  connectionId: string,
  action: 'pause' | 'resume',
  evidence: SetupIntervention,
): Promise<HeldSetup> {
  const workflowId = workflowIds.setup(connectionId)
  // A signal has no answer, so the reaction is the new message in the status afterwards.
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

/** Recognises set-up's reaction by the beginning of the message. */
function isAbout(action: 'pause' | 'resume'): (message: Message) => boolean {
  const beginnings =
    action === 'pause' ? ['held back by ', 'pause refused:'] : ['resumed by ', 'resume refused:']
  return ({ text }) => beginnings.some((beginning) => text.startsWith(beginning))
}

/** Messages that were not there before. The same text at the same moment counts as often as it occurs. */
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

/** The answer of `setup override`. */
export interface OverriddenSetup extends OverrideAnswer {
  readonly connectionId: string
  readonly workflowId: string
}

/**
 * Decides a paused step of set-up, or of a running disconnect. Sends an update and not a signal, so that a refusal is
 * returned immediately (E3).
 * @throws AppError `run_not_found` if none runs; `override_invalid`, `override_refused` by set-up's own check;
 * `worker_unreachable`.
 */
export async function overrideSetup(
  temporal: TemporalClient,
  connectionId: string,
  override: SetupOverride,
): Promise<OverriddenSetup> {
  // An update waits for a worker, so first check that a worker answers.
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
