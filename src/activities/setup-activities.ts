import { notPermitted } from '../connection/permissions.js'
import { permitsOf } from '../domain/connection-state.js'
import { Context } from '@temporalio/activity'
import type { SecretsVault } from '../config/secrets/secrets-vault.js'
import { AppError } from '../contracts/app-error.js'
import type { SetupActivities } from '../contracts/setup-activities.js'
import type { CrmDriver } from '../crm/crm.js'
import { resetBothBreakers } from '../ledger/connection/breakers.js'
import { countDue } from '../ledger/address/addresses.js'
import { appendOverride } from '../ledger/connection/overrides.js'
import type { Systems } from '../connection/systems.js'
import { failing, onConnection, NO_RUN } from './perform.js'
import { acquireAttempt } from './setup/one-attempt.js'
import { previewStep, runStep, withMeaningOf } from './setup/run-step.js'
import { findStep, previewOfWorkflowStep, stepsOf } from './setup/steps-of.js'

export interface SetupActivityOptions {
  readonly systems: Systems
  readonly vault: SecretsVault
  /** The gateway's public URL, for webhooks. */
  readonly publicUrl: string
}

/** Activities of set-up: the generic runner, which knows no CRM (rules E1–E3). */
export function createSetupActivities(options: SetupActivityOptions): SetupActivities {
  const { systems } = options
  const driverOf = async (connectionId: string): Promise<CrmDriver> =>
    systems.requireDriver(await systems.connection(connectionId))
  return {
    planSetup: ({ connectionId }) =>
      failing(async () => {
        const connection = await systems.connection(connectionId)
        const driver = systems.requireDriver(connection)
        refuseOther(driver)
        const permits = permitsOf(connection)
        // On a disabled connection, a set-up started by hand would wait forever, beside the next one.
        if (!permits.goesOn.includes('setup')) {
          throw notPermitted(connectionId, permits)
        }
        return { connectionId, crm: driver.crm, steps: stepsOf(driver) }
      }),

    runSetupStep: async ({ connectionId, stepId, choice }) => {
      const { driver, step } = await failing(async () => {
        if (choice !== null && Context.current().info.attempt === 1) {
          // A person reports that the fault is fixed, so a tripped breaker must not refuse this check. Only on the
          // first try; further tries respect the wait.
          await resetBothBreakers(systems.db, connectionId)
        }
        const found = await driverOf(connectionId)
        return { driver: found, step: findStep(found, stepId, options) }
      })
      const context = Context.current()
      const waiting = { signal: context.cancellationSignal, onWait: () => context.heartbeat() }
      const attempt = await failing(() => acquireAttempt(systems.db, connectionId, waiting))
      try {
        return await onConnection(systems, setupRun(connectionId), async (session, watched) => {
          const { keep } = attempt
          // Opens a session with the facts as they are now.
          const reopen = () => systems.session(session.run, watched)
          const sessions = { first: session, reopen, keep }
          return withMeaningOf(await runStep(step, sessions, choice), driver)
        })
      } finally {
        await attempt.end()
      }
    },

    previewSetupStep: async ({ connectionId, stepId }) => {
      const { driver, found } = await failing(async () => {
        const connection = await systems.connection(connectionId)
        const driver = systems.requireDriver(connection)
        const byWorkflow = previewOfWorkflowStep(stepId, connection)
        return { driver, found: byWorkflow ?? findStep(driver, stepId, options) }
      })
      return 'verify' in found
        ? onConnection(systems, setupRun(connectionId), async (session) =>
            withMeaningOf(await previewStep(found, session), driver),
          )
        : found
    },

    keepSetupDecision: ({ decisionId, connectionId, step, action, reason, by, choice }) =>
      failing(() =>
        appendOverride(systems.db, {
          overrideId: decisionId,
          connectionId,
          subject: step === null ? 'setup' : `setup/${step}`,
          action,
          reason,
          by,
          detail: {
            ...choice,
            workflowId: Context.current().info.workflowExecution?.workflowId,
          },
        }),
      ),

    countDue: ({ connectionId }) => failing(() => countDue(systems.db, connectionId)),
  }
}

/**
 * Refuses a set-up started under another CRM's workflow name.
 * @throws AppError `setup_of_another_crm`, not retryable.
 */
function refuseOther({ crm, setupWorkflow }: CrmDriver): void {
  const { workflowType } = Context.current().info
  if (workflowType !== 'connectionSetup' && workflowType !== setupWorkflow) {
    throw new AppError(
      'setup_of_another_crm',
      `The connection's CRM is ${crm}: it is set up by ${setupWorkflow}, not ${workflowType}.`,
    )
  }
}

function setupRun(connectionId: string) {
  return { connectionId, runId: NO_RUN, tier: 'setup' } as const
}
