import type { Phase } from './names.js'
import type { StepDescription } from './setup-activities.js'
import type { SetupPause, SetupStatus, StepChoice, StepStatus } from './setup.js'

/**
 * A connection's lifecycle after set-up: pausing, resuming, disabling, removing the installation (rules C7, C8). Inputs
 * and results of its workflows, and their activities. All values are references and texts without personal data.
 */

/** Who requests it and why; stored as evidence. */
export interface LifecycleRequest {
  readonly connectionId: string
  readonly reason: string
  readonly by: string
}

/** Input of `pauseConnection`. `loosening`: opt-outs are synced, and changes that make somebody more mailable wait. */
export interface PauseInput extends LifecycleRequest {
  readonly mode: 'all' | 'loosening'
}

/** Answer of the query `status` of `pauseConnection`, `resumeConnection` and `rotateWebhooks`, and their result. */
export interface LifecycleStatus {
  readonly connectionId: string
  /** What a pause stops; absent for a resumption. */
  readonly mode?: PauseInput['mode']
  readonly phase: Phase
}

/** Answer of the query `status` of `disconnect`, and its result. */
export interface DisconnectStatus {
  readonly connectionId: string
  readonly removeInstalled: boolean
  readonly phase: Phase
  /** 0–100. */
  readonly percent: number
  /** The result; null while it runs. */
  readonly result: 'done' | 'aborted' | null
  readonly steps: readonly StepStatus[]
  /** Results of messages, newest last; at most ten. */
  readonly messages: SetupStatus['messages']
}

/** A request with an id. Repeating it changes and stores nothing. */
export interface LifecycleIntervention extends LifecycleRequest {
  readonly interventionId: string
}

export interface DisconnectPlan {
  readonly crm: string
  /** Why nothing has to be saved from the CRM while the connection still syncs; null: something has to. */
  readonly nothingToSave: string | null
  /** The CRM's own steps, in the order of undoing. */
  readonly undo: readonly StepDescription[]
}

/**
 * Workflows of a connection to end. `starters`: those that could make it sync or report changes again (set-up, pause,
 * resume, rotation of webhooks). `cron`: the sweep's. `runs`: all that are syncing contacts.
 */
export type WorkKind = 'starters' | 'cron' | 'runs'

/** Activities of a connection's lifecycle. All are safe to repeat. */
export interface LifecycleActivities {
  /**
   * @throws `connection_not_found`; `connection_paused` if a removal could not save the data in the CRM. Neither is
   * retryable.
   */
  planDisconnect(input: { connectionId: string; removeInstalled: boolean }): Promise<DisconnectPlan>
  /** After it, nothing is synced (C8). */
  disableConnection(input: LifecycleIntervention & { removeInstalled: boolean }): Promise<void>
  /** Ends workflows of the connection; skips those that are not running. */
  endWork(input: {
    connectionId: string
    kinds: readonly WorkKind[]
    reason: string
  }): Promise<void>
  removeCrmWebhooks(input: { connectionId: string }): Promise<void>
  /** Removes this connection's eMarketeer webhook; leaves another connection's alone. */
  removeEmarketeerWebhook(input: { connectionId: string }): Promise<void>
  /** Number of unsubscribes made in the CRM that have not reached eMarketeer. */
  countUnsaved(input: { connectionId: string }): Promise<number>
  /** Reads the CRM again, and stores every No that eMarketeer does not hold. @returns how many. */
  keepSubscriptions(input: { connectionId: string }): Promise<{ kept: number }>
  /**
   * Undoes one of the CRM's own set-up steps, by Support's choice.
   * @returns the reason to wait, or null: it is undone. @throws `connection_not_disabled`, not retryable.
   */
  undoSetupStep(input: {
    connectionId: string
    stepId: string
    choice: StepChoice | null
  }): Promise<SetupPause | null>
  /** Deletes the stored facts of the installation. */
  forgetInstallation(input: { connectionId: string }): Promise<void>
  keepStepDecision(input: LifecycleIntervention & { step: string; action: string }): Promise<void>
  /** @throws `connection_not_found`, `connection_setting_up`, `connection_disabled`. */
  pauseConnection(input: LifecycleIntervention & { mode: PauseInput['mode'] }): Promise<void>
  /** @throws `connection_not_found`, `connection_not_paused`. */
  resumeConnection(input: LifecycleIntervention): Promise<void>
  /** Sweeps immediately, beside the cron; joins a running sweep. */
  sweepNow(input: { connectionId: string }): Promise<void>
}

/** Activities that give a connection's webhooks new addresses and secrets. Both are safe to repeat. */
export interface WebhookActivities {
  /**
   * Creates a new address, stores who requested it, and still accepts the former one.
   * @throws `connection_not_found`, `connection_setting_up`, `connection_disabled`; none is retryable.
   */
  beginWebhookRotation(input: LifecycleIntervention): Promise<void>
  /**
   * Registers the new address and new secrets on both sides. The former address then ends 24 hours later.
   * @returns whether the CRM has it, and if not, why; the former address then stays. @throws `gateway_unreachable`.
   */
  installRotatedWebhooks(input: {
    connectionId: string
  }): Promise<{ installed: boolean; reason: string | null }>
}
