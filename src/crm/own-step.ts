import { AppError } from '../contracts/app-error.js'
import {
  type CrmClient,
  type CrmFacts,
  SetupPaused,
  type StepContext,
  type StepVerdict,
} from './crm.js'

/**
 * `do` of a check-only step: awaits `verify`.
 * @returns the facts that the check learned.
 * @throws SetupPaused as the check demands; AppError `internal` if an earlier step has not been done.
 */
async function checkOnly(look: Promise<StepVerdict>): Promise<CrmFacts> {
  const verdict = await look
  switch (verdict.state) {
    case 'done':
    case 'skipped':
      return verdict.facts ?? {}
    case 'paused':
      throw new SetupPaused(verdict.pause)
    case 'due':
      throw new AppError('internal', 'a check cannot be made before the steps that it is about')
  }
}

/** A set-up step as a CRM's folder writes it: a `SetupStep` for the session of that CRM. */
export interface OwnStep<Session> {
  readonly id: string
  readonly title: string
  /** See `SetupStep.weight`. */
  readonly weight: number
  /** See `SetupStep.without`; absent: it cannot be skipped. */
  readonly without?: string
  /** Only checks, even if no earlier step has been done: facts may be absent, and tables. */
  verify(crm: Session, context: StepContext): Promise<StepVerdict>
  /** Does what is missing. @returns facts to store. @throws SetupPaused, UpstreamError, AppError. */
  do(crm: Session, context: StepContext): Promise<CrmFacts>
  /** Removes what was installed; succeeds if nothing is there. @returns facts to change (null forgets one). */
  undo(crm: Session, context: StepContext): Promise<CrmFacts>
}

/**
 * A step that creates nothing: `do` only checks, and there is nothing to undo. `More`: fields of that CRM's own steps.
 */
export function checkStep<Session, More = object>(
  step: Omit<OwnStep<Session>, 'do' | 'undo'> & More,
): OwnStep<Session> & More {
  return {
    ...step,
    do: (crm, context) => checkOnly(step.verify(crm, context)),
    undo: () => Promise.resolve({}),
  }
}

/** Set-up's readings, by their name in the tally of requests. */
export const SETUP_READ = 'setup.look'

/** A reading of set-up. @param path, operation see `HttpRequest`. */
export function setupRead(path: string, operation: string) {
  return { method: 'GET', path, operation, name: SETUP_READ, effect: 'read' } as const
}

/** A CRM's session, of the class that its steps are written for. */
type SessionClass<Session> = abstract new (...given: never[]) => Session

/**
 * Does part of a step on the CRM's own session.
 * @param asSetupError how set-up reports a failure of the CRM.
 * @throws the result of `asSetupError`; TypeError for another CRM's session.
 */
export async function onOwnSession<Session extends CrmClient, T>(
  own: SessionClass<Session>,
  crm: CrmClient,
  act: (crm: Session) => Promise<T>,
  asSetupError: (error: unknown, crm: Session) => unknown,
): Promise<T> {
  if (!(crm instanceof own)) {
    throw new TypeError(`this step needs a session of ${own.name}`)
  }
  try {
    return await act(crm)
  } catch (error) {
    throw asSetupError(error, crm)
  }
}
