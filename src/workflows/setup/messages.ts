import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow'
import type { OverrideAnswer, SetupStatus } from '../../contracts/setup.js'

/** How it stands. */
export const statusQuery = defineQuery<SetupStatus>('status')
/** Holds set-up back before the next step. Arguments are judged: any client may have sent them. */
export const pauseSignal = defineSignal<[unknown]>('pause')
/** Lets it go on; a step that waits is tried again. */
export const resumeSignal = defineSignal<[unknown]>('resume')
/** Decides a paused step; what came of it is in the status. */
export const overrideSignal = defineSignal<[unknown]>('override')
/** The same, with an answer. */
export const overrideUpdate = defineUpdate<OverrideAnswer, [unknown]>('override')
