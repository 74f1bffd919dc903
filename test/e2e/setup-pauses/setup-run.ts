import type { WorkflowHandle } from '@temporalio/client'
import { PRIORITY, QUEUES, workflowIds } from '../../../src/contracts/names.js'
import type { SetupStatus } from '../../../src/contracts/setup.js'
import { CRM_DRIVERS } from '../../../src/crm/registry.js'
import { findConnection } from '../../../src/ledger/connection/connections.js'
import { overridesOf, type KeptOverride } from '../../../src/ledger/connection/overrides.js'
import { runLbsync } from '../../cli/run-lbsync.js'
import { statusOf, stepIn } from '../../workflows/support/setup-runs.js'
import { EMAIL } from './dynamics-organisation.js'
import type { Course, Names, Organisation } from './pause-place.js'
import type { SetupStack } from './stack.js'

/** How a decision reaches set-up. */
export const WAYS = ['signal', 'update', 'command'] as const

/** One of {@link WAYS}. */
export type Way = (typeof WAYS)[number]

/** Support's evidence with each decision. */
export const EVIDENCE = { reason: 'The customer said so', by: 'Kari' } as const

const LOOK_EVERY_MS = 100

/** A separate connection and its set-up, as Support controls it. */
export class SetupRun implements Course {
  /** The last decided step, and its number of tries before. */
  #decided: { readonly step: string; readonly attempts: number } | null = null

  constructor(
    readonly stack: SetupStack,
    readonly connectionId: string,
    readonly org: Organisation,
  ) {}

  /** Stores the connection, with an account that has one person's opt-out. */
  async store(): Promise<void> {
    const { stack, connectionId } = this
    await stack.emarketeer.post('accounts', {
      accountId: connectionId,
      categories: [{ id: 'c1', name: 'Newsletters' }],
    })
    const person = { email: EMAIL, consents: { marketingSendouts: { legalBasis: 'withdrawn' } } }
    await stack.emarketeer.post(`accounts/${connectionId}/seed`, { contacts: [person] })
    await stack.store({
      connectionId,
      accountId: connectionId,
      legalBasisSync: true,
      ...this.org.connects,
    })
  }

  async beginAgain(): Promise<void> {
    const { connectionId } = this
    const driver = CRM_DRIVERS.get(String(this.org.connects['crm']))
    this.#decided = null
    await this.stack.temporal.client.workflow.start(driver?.setupWorkflow ?? '', {
      workflowId: workflowIds.setup(connectionId),
      taskQueue: QUEUES.setup,
      args: [{ connectionId }],
      priority: { priorityKey: PRIORITY.setup, fairnessKey: connectionId },
    })
  }

  async ended(): Promise<void> {
    await this.handle.result()
  }

  async waitsAt(step: string): Promise<void> {
    const status = await this.atRest()
    const now = stepIn(status, step)
    if (now.state !== 'paused') {
      const states = status.steps.map(({ id, state, pause }) => [id, state, pause?.code])
      throw new Error(`${step} does not wait: ${JSON.stringify(states)}`)
    }
  }

  /** Decides the step that waits. */
  async decide(
    step: string,
    action: string,
    names: Names = {},
    way: Way = 'update',
  ): Promise<void> {
    const override = { step, action, ...names, ...EVIDENCE }
    this.#decided = { step, attempts: stepIn(await statusOf(this.handle), step).attempts }
    switch (way) {
      case 'signal':
        await this.handle.signal('override', override)
        break
      case 'update':
        await this.handle.executeUpdate('override', { args: [override] })
        break
      case 'command':
        await this.#command(override)
    }
  }

  /** The status when nothing more happens by itself: set-up has ended, or waits and tries nothing. */
  async atRest(): Promise<SetupStatus> {
    const rests = (status: SetupStatus) => {
      const waiting = status.steps.find(({ state }) => state === 'paused')
      const decided = waiting?.id === this.#decided?.step ? this.#decided : null
      const taken = decided === null || (waiting?.attempts ?? 0) > decided.attempts
      return status.result !== null || (waiting !== undefined && taken)
    }
    for (;;) {
      // The server is queried first: a query of the workflow costs its worker ten times as much, and is useless while
      // something runs.
      const { idle, historyLength } = await this.#idle()
      if (idle) {
        const status = await statusOf(this.handle)
        // A step that is retried stays paused meanwhile; then its try is pending, or has ended and the history is
        // longer.
        const since = rests(status) ? await this.#idle() : null
        if (since?.idle === true && since.historyLength === historyLength) {
          return status
        }
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
  }

  /** Whether the server has nothing in progress for set-up: no try of a step, and no task of its workflow. */
  async #idle(): Promise<{ readonly idle: boolean; readonly historyLength: number }> {
    const { raw, historyLength } = await this.handle.describe()
    const idle = (raw.pendingActivities ?? []).length === 0 && !raw.pendingWorkflowTask
    return { idle, historyLength }
  }

  gateway(state: 'up' | 'down'): Promise<void> {
    return this.stack.gateway(state)
  }

  async emarketeer(fault: Parameters<Course['emarketeer']>[0]): Promise<void> {
    const { emarketeer } = this.stack
    await (fault === null ? emarketeer.clearFaults() : emarketeer.post('faults', fault))
  }

  /** The last stored decision. */
  async evidence(): Promise<KeptOverride | undefined> {
    return (await overridesOf(this.stack.db, this.connectionId, 1))[0]
  }

  /** The state of the product and of the organisation. */
  async standing(): Promise<Readonly<Record<string, unknown>>> {
    const { connectionId, stack } = this
    const connection = await findConnection(stack.db, connectionId)
    const sweep = await this.#sweep()
      .describe()
      .then(({ status }) => status.name === 'RUNNING')
      .catch(() => false)
    return { connection: connection?.state, sweep, ...(await this.org.standing()) }
  }

  /** Ends what is still running. */
  async close(): Promise<void> {
    await this.handle.terminate('the case is over').catch(() => undefined)
    await this.#sweep()
      .terminate('the case is over')
      .catch(() => undefined)
    await this.emarketeer(null)
    await this.gateway('up')
    await this.org.close()
  }

  get handle(): WorkflowHandle {
    return this.stack.temporal.client.workflow.getHandle(workflowIds.setup(this.connectionId))
  }

  #sweep(): WorkflowHandle {
    return this.stack.temporal.client.workflow.getHandle(workflowIds.sweep(this.connectionId))
  }

  async #command({ step, action, reason, by, ...names }: Record<string, string>): Promise<void> {
    const { address, namespace } = this.stack.temporal
    const flags = { formId: '--form-id', tab: '--tab', viewId: '--view-id' } as const
    const named = Object.entries(names).flatMap(([name, value]) => [
      flags[name as keyof typeof flags],
      value,
    ])
    const ended = await runLbsync(
      // prettier-ignore
      ['setup', 'override', this.connectionId, '--step', step ?? '', '--action', action ?? '', ...named,
        '--reason', reason ?? '', '--by', by ?? '', '--json'],
      { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace },
    )
    if (ended.exitCode !== 0) {
      throw new Error(ended.stdout + ended.stderr)
    }
  }
}
