import type { Phase } from './names.js'
import type { StepDescription } from './setup-activities.js'
import type { SetupAction, SetupPause, SetupStatus, StepChoice, StepStatus } from './setup.js'

/**
 * The life of a connection after set-up: pausing, resuming, disabling, removing what was installed (rules C7, C8). What
 * its workflows take and answer, and what they ask of activities. References and words only.
 */

/** Who wants it, and why; kept as evidence. */
export interface LifecycleRequest {
  readonly connectionId: string
  readonly reason: string
  readonly by: string
}

/** Input of `pauseConnection`. `loosening`: opt-outs flow, and what makes somebody more mailable waits. */
export interface PauseInput extends LifecycleRequest {
  readonly mode: 'all' | 'loosening'
}

/** Answer of the query `status` of `pauseConnection`, `resumeConnection` and `rotateWebhooks`, and their result. */
export interface LifecycleStatus {
  readonly connectionId: string
  /** What a pause stops; absent: it is a resumption. */
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
  /** How it ended; null while it runs. */
  readonly result: 'done' | 'aborted' | null
  readonly steps: readonly StepStatus[]
  /** What messages came to, newest last; at most ten. */
  readonly messages: SetupStatus['messages']
}

/** A request under an id: repeating the same one changes and stores nothing. */
export interface LifecycleIntervention extends LifecycleRequest {
  readonly interventionId: string
}

/** What a disconnect is about. */
export interface DisconnectPlan {
  readonly crm: string
  /** Why nothing has to be saved from the CRM while the connection still syncs, or null: it has to. */
  readonly nothingToSave: string | null
  /** The CRM's own steps, in the order in which they are undone. */
  readonly undo: readonly StepDescription[]
}

/**
 * Which workflows of a connection are ended. `starters`: those that could let it sync again, or report changes (set-up, pause, resume, rotation of webhooks).
 * `cron`: the sweep's. `runs`: whatever passes over contacts now.
 */
export type WorkKind = 'starters' | 'cron' | 'runs'

/** Activities of a connection's life. All of them may be repeated. */
export interface LifecycleActivities {
  /** @throws `connection_not_found`; `connection_paused` where a removal could not save what is in the CRM. */
  planDisconnect(input: { connectionId: string; removeInstalled: boolean }): Promise<DisconnectPlan>
  /** Nothing is synced from this moment (C8). */
  disableConnection(input: LifecycleIntervention & { removeInstalled: boolean }): Promise<void>
  /** Ends workflows of the connection; those that do not run are passed over. */
  endWork(input: {
    connectionId: string
    kinds: readonly WorkKind[]
    reason: string
  }): Promise<void>
  /** The CRM posts nothing to us any more. */
  removeCrmWebhooks(input: { connectionId: string }): Promise<void>
  /** eMarketeer posts nothing for this connection any more; another connection's webhook is left alone. */
  removeEmarketeerWebhook(input: { connectionId: string }): Promise<void>
  /** How many unsubscribes made in the CRM have not reached eMarketeer. */
  countUnsaved(input: { connectionId: string }): Promise<number>
  /** Reads the CRM once more, and keeps every No there that eMarketeer does not hold. @returns how many. */
  keepSubscriptions(input: { connectionId: string }): Promise<{ kept: number }>
  /**
   * Undoes one of the CRM's own steps of set-up, by what Support chose for it.
   * @returns what it waits for, or null: it is undone. @throws `connection_not_disabled`.
   */
  undoSetupStep(input: {
    connectionId: string
    stepId: string
    choice: StepChoice | null
  }): Promise<SetupPause | null>
  /** Forgets what set-up knew of the installation. */
  forgetInstallation(input: { connectionId: string }): Promise<void>
  /** Keeps what Support decided about a step. */
  keepStepDecision(
    input: LifecycleIntervention & { step: string; action: SetupAction },
  ): Promise<void>
  /** @throws `connection_not_found`, `connection_setting_up`, `connection_disabled`. */
  pauseConnection(input: LifecycleIntervention & { mode: PauseInput['mode'] }): Promise<void>
  /** @throws `connection_not_found`, `connection_not_paused`. */
  resumeConnection(input: LifecycleIntervention): Promise<void>
  /** Sweeps at once, beside the cron; joins a sweep that is running. */
  sweepNow(input: { connectionId: string }): Promise<void>
}

/** Activities that give a connection's webhooks new addresses and secrets. Both may be repeated. */
export interface WebhookActivities {
  /**
   * Makes a new address, keeps who wanted it, and goes on taking the former one.
   * @throws `connection_not_found`, `connection_setting_up`, `connection_disabled`.
   */
  beginWebhookRotation(input: LifecycleIntervention): Promise<void>
  /**
   * Registers the new address and new secrets on both sides; then the former address ends a day later.
   * @returns whether the CRM has it, and why not: then the former address goes on. @throws `gateway_unreachable`.
   */
  installRotatedWebhooks(input: {
    connectionId: string
  }): Promise<{ installed: boolean; reason: string | null }>
}
