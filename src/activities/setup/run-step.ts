import { AppError } from '../../contracts/app-error.js'
import type { SetupPause, StepChoice, StepPreview } from '../../contracts/setup.js'
import type { StepOutcome } from '../../contracts/setup-activities.js'
import {
  type CrmDriver,
  SetupPaused,
  type StepContext,
  type StepVerdict,
  withMeaning,
  type SetupStep,
} from '../../crm/crm.js'
import { type SyncSession, requireCrm } from '../../connection/session.js'
import type { KeepFacts } from './one-attempt.js'

/** The verdict of `do`. */
type DoneVerdict = Extract<StepVerdict, { readonly state: 'done' | 'skipped' }>

/** A step in the runner's form: one of the CRM's own, or one that every CRM has. */
export interface CommonStep {
  readonly id: string
  readonly title: string
  /** Usual duration in seconds. */
  readonly weight: number
  /** Checks before `do`. */
  verify(session: SyncSession, context: StepContext): Promise<StepVerdict>
  /** For a preview: what `do` would change, for a step that is always done again. Absent: as `verify`. */
  preview?(session: SyncSession, context: StepContext): Promise<StepVerdict>
  /** @param keep stores facts immediately, before they reach the CRM. */
  do(session: SyncSession, context: StepContext, keep: KeepFacts): Promise<DoneVerdict>
  /** Checks after `do`. */
  check(session: SyncSession, context: StepContext): Promise<StepVerdict>
}

/** Turns a step of the CRM's folder into one of the runner's. */
export function ofDriver(step: SetupStep): CommonStep {
  const verify = (session: SyncSession, context: StepContext) =>
    step.verify(requireCrm(session).client, context)
  return {
    id: step.id,
    title: step.title,
    weight: step.weight,
    verify,
    async do(session, context) {
      return { state: 'done', facts: await step.do(requireCrm(session).client, context) }
    },
    check: verify,
  }
}

/** The present session, and new ones after facts have changed. */
interface StepSessions {
  readonly first: SyncSession
  reopen(): Promise<SyncSession>
  readonly keep: KeepFacts
}

/**
 * Runs a step of any CRM: checks, installs what is missing, stores the facts, and checks again.
 * @throws AppError `crm_answer_invalid` if something is still missing, `lease_lost` after another attempt has taken
 * over; both retryable.
 */
export async function runStep(
  step: CommonStep,
  sessions: StepSessions,
  choice: StepChoice | null,
): Promise<StepOutcome> {
  try {
    const { first, keep } = sessions
    const learned = (verdict: StepVerdict) =>
      'facts' in verdict && verdict.facts && Object.keys(verdict.facts).length > 0
        ? keep(verdict.facts)
        : Promise.resolve()
    const before = await step.verify(first, contextOf(first, choice))
    await learned(before)
    if (before.state !== 'due') {
      return outcomeOf(before)
    }
    const done = await step.do(first, contextOf(first, choice), keep)
    await learned(done)
    if (done.state === 'skipped') {
      return outcomeOf(done)
    }
    const again = await sessions.reopen()
    const after = await step.check(again, contextOf(again, choice))
    await learned(after)
    if (after.state === 'due') {
      throw new AppError(
        'crm_answer_invalid',
        `After "${step.title}" was done, still missing: ${after.changes.map((c) => c.what).join('; ')}`,
      )
    }
    // The check after `do` may lack details of what `do` did.
    return after.state === 'done' ? outcomeOf({ ...done, ...after }) : outcomeOf(after)
  } catch (error) {
    if (error instanceof SetupPaused) {
      return { state: 'paused', pause: error.pause }
    }
    throw error
  }
}

/** Checks a step without running it. @returns what running it would change. */
export async function previewStep(step: CommonStep, session: SyncSession): Promise<StepPreview> {
  const { id, title } = step
  const nothing = { id, title, changes: [], pause: null, note: null }
  try {
    const look = step.preview ?? step.verify
    const verdict = await look(session, contextOf(session, null))
    switch (verdict.state) {
      case 'done':
        return { ...nothing, state: 'nothing', note: verdict.note ?? null }
      case 'due':
        return { ...nothing, state: 'changes', changes: verdict.changes }
      case 'skipped':
        return { ...nothing, state: 'skipped', note: verdict.note }
      case 'paused':
        return { ...nothing, state: 'pauses', pause: verdict.pause }
    }
  } catch (error) {
    if (error instanceof SetupPaused) {
      return { ...nothing, state: 'pauses', pause: error.pause }
    }
    throw error
  }
}

function contextOf(session: SyncSession, choice: StepChoice | null): StepContext {
  return { ...session.call, choice, subscriptionSync: session.connection.subscriptionSync }
}

function outcomeOf(verdict: Exclude<StepVerdict, { readonly state: 'due' }>): StepOutcome {
  switch (verdict.state) {
    case 'done':
      return { state: 'done', note: verdict.note ?? null }
    case 'skipped':
      return { state: 'skipped', note: verdict.note }
    case 'paused':
      return { state: 'paused', pause: verdict.pause satisfies SetupPause }
  }
}

/** Adds the meaning that the CRM's folder defines to the pause of an outcome or a preview. */
export function withMeaningOf<T extends StepOutcome | StepPreview>(
  result: T,
  driver: CrmDriver,
): T {
  return 'pause' in result && result.pause !== null
    ? { ...result, pause: withMeaning(result.pause, driver) }
    : result
}
