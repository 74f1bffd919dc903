import { sleep, uuid4 } from '@temporalio/workflow'
import type { DisconnectPlan } from '../../contracts/lifecycle-activities.js'
import type { DisconnectInput, StepChoice } from '../../contracts/setup.js'
import type { StepDescription, StepOutcome } from '../../contracts/setup-activities.js'
import type { RunReference } from '../../contracts/sync-activities.js'
import {
  webhookDisabling,
  lifecycle,
  stepRemoval,
  stepWork,
  webhookRemoval,
} from '../activity-proxies.js'
import { choicesOf, pauseFor, problemOf } from '../steps/pause.js'
import type { Problem } from '../failures.js'
import { syncUntilQuiet } from '../sync-until-quiet.js'

export interface DisconnectStep extends StepDescription {
  /** Whether Support may skip it. */
  readonly skippable: boolean
  /** @param choice Support's choice for this step that still applies. */
  run(choice: StepChoice | null): Promise<StepOutcome>
}

const DONE: StepOutcome = { state: 'done', note: null }
const ENDED = 'The connection is disconnected'
/** Message for a side that did not answer. */
export const UNANSWERED = 'It did not answer in time.'

/** How many times, and at which interval, unsubscribes on their way to eMarketeer are checked. */
const SAVE_ROUNDS = 10
const BETWEEN_ROUNDS = '30 seconds'

/** The steps of a disconnect, in order. @param left whether part of the installation remained in the CRM. */
export function stepsOf(
  input: DisconnectInput,
  plan: DisconnectPlan,
  left: () => boolean,
): readonly DisconnectStep[] {
  const { connectionId, removeInstalled } = input
  const step = (
    [id, title, weight]: readonly [string, string, number],
    run: DisconnectStep['run'],
    skippable = false,
  ): DisconnectStep => ({ id, title, weight, skippable, run })
  const disabling = [
    step(['stop', 'Stop syncing', 1], () => stop(input)),
    step(['sweep', 'End the sweep and whatever runs', 1], () => endSyncs(connectionId)),
    step(
      ['webhooks', 'Let neither side report changes', 5],
      () => (removeInstalled ? removeWebhooks(connectionId) : tryToRemoveWebhooks(connectionId)),
      true,
    ),
  ]
  if (!removeInstalled) {
    return disabling
  }
  const keeping = new Keeping(connectionId)
  return [
    step(['save', 'Bring what the CRM holds to eMarketeer', 30], () => save(connectionId, plan)),
    ...disabling,
    step(['keep', 'Keep the subscriptions in the ledger', 10], () => keeping.keep()),
    ...plan.undo.map(({ id, title, weight }) =>
      step([`remove-${id}`, `Undo: ${title}`, weight], (choice) => undo(keeping, id, choice), true),
    ),
    step(['forget', 'Forget the installation', 1], () => forget(connectionId, left())),
  ]
}

async function stop(input: DisconnectInput): Promise<StepOutcome> {
  await lifecycle.disableConnection({ ...input, interventionId: uuid4() })
  return DONE
}

async function endSyncs(connectionId: string): Promise<StepOutcome> {
  // The workflows that could start others, first.
  await lifecycle.endWork({ connectionId, kinds: ['starters', 'cron', 'runs'], reason: ENDED })
  return DONE
}

async function removeWebhooks(connectionId: string): Promise<StepOutcome> {
  await stepRemoval.removeCrmWebhooks({ connectionId })
  await webhookRemoval.removeEmarketeerWebhook({ connectionId })
  return DONE
}

/** Tries both sides, even if one fails. */
async function tryToRemoveWebhooks(connectionId: string): Promise<StepOutcome> {
  const problems = [
    ...(await problemsOf(webhookDisabling.removeCrmWebhooks({ connectionId }))),
    ...(await problemsOf(webhookDisabling.removeEmarketeerWebhook({ connectionId }))),
  ]
  return problems.length === 0
    ? DONE
    : { state: 'skipped', note: `Webhooks could not be removed: ${problems.join(' ')}` }
}

async function problemsOf(work: Promise<void>): Promise<string[]> {
  try {
    await work
    return []
  } catch (error) {
    const { code, message } = problemOf(error, UNANSWERED)
    return [`${message} (${code})`]
  }
}

/**
 * Runs the last sync while it is still permitted: a No that a rep set minutes ago reaches eMarketeer before the rows
 * that hold it are removed.
 */
async function save(connectionId: string, { nothingToSave }: DisconnectPlan): Promise<StepOutcome> {
  await lifecycle.endWork({ connectionId, kinds: ['starters'], reason: ENDED })
  if (nothingToSave !== null) {
    return { state: 'skipped', note: nothingToSave }
  }
  const run: RunReference = { connectionId, runId: uuid4(), tier: 'manual' }
  for (let round = 1; ; round += 1) {
    await stepWork.catchUpBoth(run)
    await syncUntilQuiet(run, 'copy', () => undefined, { work: stepWork })
    const unsaved = await lifecycle.countUnsaved({ connectionId })
    if (unsaved === 0) {
      return DONE
    }
    if (round === SAVE_ROUNDS) {
      return { state: 'paused', pause: pauseFor(unsavedProblem(unsaved), false) }
    }
    await sleep(BETWEEN_ROUNDS)
  }
}

/** The problem when eMarketeer does not accept unsubscribes of the CRM: nothing may be removed. */
function unsavedProblem(unsaved: number): Problem {
  const message =
    `${unsaved} unsubscribes in the CRM have not reached eMarketeer; removing the tables would lose them. ` +
    'Nothing was removed, and the sync goes on. See `lbsync connection show` for what is blocked, due or held.'
  return { code: 'unsaved', message }
}

/** Nos that were stored longer ago than this are read again before more is removed. */
const KEPT_FOR_MS = 30_000

/** Stores the CRM's Nos until the moment of removal, because reps continue to work while a step waits or publishes. */
class Keeping {
  #keptAtMs = 0

  constructor(readonly connectionId: string) {}

  async keep(): Promise<StepOutcome> {
    const { kept } = await stepRemoval.keepSubscriptions({ connectionId: this.connectionId })
    this.#keptAtMs = Date.now()
    const note = `${kept} unsubscribes are kept for when it is enabled again.`
    return { state: 'done', note: kept === 0 ? null : note }
  }

  async keepAgain(): Promise<void> {
    if (Date.now() - this.#keptAtMs > KEPT_FOR_MS) {
      await this.keep()
    }
  }
}

async function undo(
  keeping: Keeping,
  stepId: string,
  choice: StepChoice | null,
): Promise<StepOutcome> {
  await keeping.keepAgain()
  const { connectionId } = keeping
  const pause = await stepRemoval.undoSetupStep({ connectionId, stepId, choice })
  // The pause has the message of the CRM's step, and its choices beside the common ones.
  return pause
    ? { state: 'paused', pause: { ...pause, choices: choicesOf(true, pause.choices) } }
    : DONE
}

async function forget(connectionId: string, left: boolean): Promise<StepOutcome> {
  if (left) {
    return { state: 'skipped', note: 'Not everything was removed; what is known of it is kept.' }
  }
  await lifecycle.forgetInstallation({ connectionId })
  return DONE
}
