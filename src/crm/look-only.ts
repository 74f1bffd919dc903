import { AppError } from '../contracts/app-error.js'
import { type CrmFacts, SetupPaused, type StepVerdict } from './crm.js'

/**
 * Doing a set-up step that makes nothing: to do it is to look.
 * @returns the facts that the look learned.
 * @throws SetupPaused as the look says; AppError `internal` where an earlier step has not been done.
 */
export async function lookOnly(look: Promise<StepVerdict>): Promise<CrmFacts> {
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
