import { afterAll, beforeAll } from '@jest/globals'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import type { StepOutcome } from '../../src/contracts/setup-activities.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withTemporal, type TestTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'
import { delegatingActivities } from '../workflows/support/delegating-activities.js'
import { FakeWorld } from '../workflows/support/fake-world.js'
import type { Activities } from '../workflows/support/activity-types.js'
import { untilStatus } from '../workflows/support/setup-runs.js'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

/** A form whose name would do harm if it were pasted into a shell, or written to a terminal, unchanged. */
const EVIL_NAME = "Kontakt\u001B[2J '\n$(touch /tmp/pwned)"

/** No form is certain: one is locked, and one has an evil name. */
export const FORM_UNCERTAIN: StepOutcome = {
  state: 'paused',
  pause: {
    code: 'formUncertain',
    message: 'The stock contact form is not there. Choose a main form of contact by its id.',
    choices: ['useForm', 'retry', 'skip', 'abort'],
    seen: {
      forms: [
        { id: 'f-1', name: 'Kontakt (salg)', active: true, default: true, customizable: true },
        { id: 'f-2', name: EVIL_NAME, active: true, default: true, customizable: true },
        { id: 'f-3', name: 'Locked', active: true, default: false, customizable: false },
      ],
    },
  },
}

/** The chosen form has no tab that is certain to be Details. */
export const TAB_MISSING: StepOutcome = {
  state: 'paused',
  pause: {
    code: 'detailsTabMissing',
    message: 'No tab is certainly the Details tab.',
    choices: ['useTab', 'createTab', 'useForm', 'retry', 'skip', 'abort'],
    seen: {
      formId: 'f-1',
      formName: 'Kontakt (salg)',
      tabs: [{ name: 'tab_1', id: '{t-1}', labels: ['Om', 'About'], hidden: false }],
    },
  },
}

const STEPS = [
  { id: 'connect', title: 'Connect to Dynamics', weight: 10 },
  { id: 'form', title: 'Put the subscriptions on the contact form', weight: 30 },
  { id: 'publish', title: 'Publish the contact form', weight: 30 },
  { id: 'firstSync', title: 'Sync all contacts for the first time', weight: 20 },
  { id: 'sweep', title: 'Start the background sweep', weight: 10 },
]

/** A set-up whose form is uncertain until one is named, and then also its tab. */
export function uncertainForm(): Partial<Activities> {
  return {
    planSetup: async ({ connectionId }) => ({ connectionId, crm: 'dynamics', steps: STEPS }),
    runSetupStep: async ({ stepId, choice }) => {
      if (stepId !== 'form' || choice?.action === 'useTab') {
        return { state: 'done', note: stepId === 'connect' ? 'organisation "Acme"' : null }
      }
      return choice?.formId === undefined ? FORM_UNCERTAIN : TAB_MISSING
    },
  }
}

/** Real workflows on a real server, with activities in memory. */
export interface FakeSetups {
  readonly temporal: TestTemporal
  world: FakeWorld
  /** Starts a set-up and waits until it waits for a person. */
  paused(connectionId: string): Promise<void>
  /** Starts a set-up. */
  start(connectionId: string): Promise<void>
  /** Ends the worker; from then on no query is answered. */
  stopWorker(): Promise<void>
}

/** Creates a Temporal namespace for the test file, with a worker on its queue `setup`. */
export function withSetups(): FakeSetups {
  let worker: Worker | undefined
  let running: Promise<void> | undefined
  const stopWorker = async () => {
    worker?.shutdown()
    worker = undefined
    await running
  }
  // Hooks of the end run in this order: the worker first, then its connection.
  afterAll(stopWorker)
  const temporal = withTemporal()
  const setups: FakeSetups = {
    temporal,
    world: new FakeWorld(uncertainForm()),
    stopWorker,
    async start(connectionId) {
      await temporal.client.workflow.start('dynamicsSetup', {
        workflowId: workflowIds.setup(connectionId),
        taskQueue: QUEUES.setup,
        args: [{ connectionId }],
      })
    },
    async paused(connectionId) {
      await setups.start(connectionId)
      const handle = temporal.client.workflow.getHandle(workflowIds.setup(connectionId))
      await untilStatus(handle, ({ phase }) => phase === 'paused')
    },
  }
  beforeAll(async () => {
    const { codePath } = await workflowBundle()
    worker = await Worker.create({
      connection: temporal.nativeConnection,
      namespace: temporal.namespace,
      taskQueue: QUEUES.setup,
      workflowBundle: { codePath },
      activities: delegatingActivities(() => setups.world),
    })
    running = worker.run()
  }, provisionTimeoutMs)
  return setups
}
