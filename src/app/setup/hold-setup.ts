import { setTimeout as sleep } from 'node:timers/promises'
import type { TemporalClient } from '../../config/temporal/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import { workflowIds } from '../../contracts/names.js'
import type {
  SetupIntervention,
  SetupStatus,
  OverrideAnswer,
  SetupOverride,
} from '../../contracts/setup.js'
import { asSetupError, lookAtSetup, lookAtWork } from './look-at-setup.js'

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
  const message = `The message is sent, but nobody took it yet; see \`lbsync setup status ${connectionId}\`.`
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
 * Decides a paused step of set-up, or of a disconnect where one runs, by the update, so that a refusal is told at once
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
