import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import type {
  OverrideAnswer,
  SetupIntervention,
  SetupOverride,
  SetupStatus,
} from '../../contracts/setup.js'

/** How it stands. */
export const statusQuery = defineQuery<SetupStatus>('status')
/** Holds set-up back before the next step. */
export const pauseSignal = defineSignal<[SetupIntervention]>('pause')
/** Lets it go on; a step that waits is tried again. */
export const resumeSignal = defineSignal<[SetupIntervention]>('resume')
/** Decides a paused step; what came of it is in the status. */
export const overrideSignal = defineSignal<[SetupOverride]>('override')
/** The same, with an answer. */
export const overrideUpdate = defineUpdate<OverrideAnswer, [SetupOverride]>('override')

/** How Temporal's UI describes the message. */
export const OVERRIDE =
  'Decides the step that waits. Takes {"step", "action", "reason", "by"}; useForm, useTab and useView also need ' +
  'formId, tab or viewId. What came of the signal is under messages of the status; the update answers.'
