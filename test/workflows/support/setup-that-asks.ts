import { SETUP_STEPS } from './default-activities.js'
import type { Activities } from './activity-types.js'
import { pausedWith } from './setup-runs.js'

const FORM = { id: 'form', title: 'Put the subscriptions on the form', weight: 10 }

/**
 * A set-up whose step `form` pauses several times: the form is uncertain; after a retry, somebody's draft is on it; on
 * the form that Support names, no tab is certain; on the tab that Support names, it continues.
 */
export function setupThatAsks(): Partial<Activities> {
  return {
    planSetup: async ({ connectionId }) => ({
      connectionId,
      crm: 'dynamics',
      steps: SETUP_STEPS.toSpliced(2, 0, FORM),
    }),
    runSetupStep: async ({ stepId, choice }) => {
      if (stepId !== FORM.id) {
        return { state: 'done', note: null }
      }
      switch (choice?.action) {
        case undefined:
          return pausedWith('formUncertain', ['useForm', 'retry', 'skip', 'abort'])
        case 'retry':
          return pausedWith('draftPending', ['retry', 'useForm', 'skip', 'abort'])
        case 'useForm':
          return pausedWith('detailsTabMissing', ['useTab', 'createTab', 'retry', 'abort'])
        default:
          return { state: 'done', note: null }
      }
    },
    previewSetupStep: async ({ stepId }) => ({
      id: stepId,
      title: stepId,
      state: 'changes',
      changes: [{ what: `Does ${stepId}` }],
      pause: null,
      note: null,
    }),
  }
}
