import type {
  DisconnectPlan,
  LifecycleActivities,
  WebhookActivities,
} from '../../../src/contracts/lifecycle-activities.js'

/** The CRM's own steps, in the order in which the fakes undo them. */
export const UNDO_STEPS: DisconnectPlan['undo'] = [
  { id: 'tables', title: 'Make the tables', weight: 30 },
  { id: 'connect', title: 'Connect', weight: 10 },
]

/** Activities of a connection's life that succeed immediately. */
export function fakeLife(): LifecycleActivities & WebhookActivities {
  return {
    planDisconnect: async ({ removeInstalled }) => ({
      crm: 'dynamics',
      nothingToSave: null,
      undo: removeInstalled ? UNDO_STEPS : [],
    }),
    disableConnection: async () => {},
    endWork: async () => {},
    removeCrmWebhooks: async () => {},
    removeEmarketeerWebhook: async () => {},
    countUnsaved: async () => 0,
    keepSubscriptions: async () => ({ kept: 0 }),
    undoSetupStep: async () => null,
    forgetInstallation: async () => {},
    keepStepDecision: async () => {},
    pauseConnection: async () => {},
    resumeConnection: async () => {},
    sweepNow: async () => {},
    beginWebhookRotation: async () => {},
    installRotatedWebhooks: async () => ({ installed: true, reason: null }),
  }
}
