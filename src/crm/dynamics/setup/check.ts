import { lookOnly } from '../../look-only.js'
import type { DynamicsStep } from './setup-step.js'

/** A step that makes nothing: to do it is to look, and there is nothing to undo. */
export function checkStep(step: Omit<DynamicsStep, 'do' | 'undo'>): DynamicsStep {
  return {
    ...step,
    do: (session, context) => lookOnly(step.verify(session, context)),
    undo: () => Promise.resolve({}),
  }
}
