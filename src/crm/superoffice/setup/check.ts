import { AppError } from '../../../contracts/app-error.js'
import { type CrmFacts, SetupPaused, type StepVerdict } from '../../crm.js'
import type { SuperOfficeStep } from './setup-step.js'

/** A step that makes nothing: to do it is to look, and there is nothing to undo. */
export function checkStep(step: Omit<SuperOfficeStep, 'do' | 'undo'>): SuperOfficeStep {
  return {
    ...step,
    do: (session, context) => insist(step.verify(session, context)),
    undo: () => Promise.resolve({}),
  }
}

/** @throws SetupPaused as the look says. */
async function insist(look: Promise<StepVerdict>): Promise<CrmFacts> {
  const verdict = await look
  switch (verdict.state) {
    case 'done':
    case 'skipped':
      return verdict.facts ?? {}
    case 'paused':
      throw new SetupPaused(verdict.pause)
    case 'due':
      throw new AppError('internal', 'a check has nothing to do')
  }
}
