import {
  parseConnectionFile,
  readDisablingFile,
  type DisablingFile,
} from '../../config/connection/parse-connection-file.js'
import { toStoredConfig } from '../../config/connection/stored-config.js'
import { AppError } from '../../contracts/app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../../contracts/names.js'
import type { SetupStatus, SetupOverride } from '../../contracts/setup.js'
import { requireDriver } from '../../crm/crm.js'
import { CRM_DRIVERS } from '../../crm/registry.js'
import { findConnection, findConnectionOfAccount } from '../../ledger/connection/connections.js'
import { readTextFile } from '../../config/connection/json-object.js'
import { withSystems, withTemporal, withLedger } from '../resources.js'
import { awaitResult, lookAtSteps, type Progress } from '../await-result.js'
import { startOrJoin, type StartedRun } from '../../client/start-or-join.js'
import { checkChange, storeConnection, checkOutside } from './store-connection.js'
import type { ConnectionState } from '../../domain/connection-state.js'
import type { TemporalClient } from '../../config/temporal/temporal.js'
import { requireConnection } from './require-running.js'
import { runDisconnect } from './remove-installed.js'

/**
 * "Apply changes": checks a connection file by itself, then against the ledger, then with both systems; stores it and
 * runs set-up. A file with `"crm":"none"` disables the connection instead (C8). Applying the same file again is safe.
 * @throws AppError and UpstreamError of every check; nothing is stored then. `setup_aborted` if Support ended set-up.
 */
export async function applyConnection(
  path: string,
  options: ApplyOptions,
): Promise<AppliedConnection> {
  const text = await readTextFile(path)
  const sections = [...CRM_DRIVERS.values()].map(({ configSection }) => configSection)
  const disabling = readDisablingFile(text, path, sections)
  return disabling === null ? connect(text, path, options) : disableConnection(disabling, options)
}

function connect(text: string, path: string, options: ApplyOptions): Promise<AppliedConnection> {
  return withSystems(async (composed) => {
    const { db, vault, allowLoopbackHttp, allowedHosts } = composed
    const file = parseConnectionFile(text, path, {
      drivers: [...CRM_DRIVERS.values()],
      env: process.env,
      allowLoopbackHttp,
      allowedHosts,
    })
    const driver = requireDriver(CRM_DRIVERS, file.crm)
    const existing = await findConnection(db, file.connectionId)
    checkChange(file, { existing, ofAccount: await findConnectionOfAccount(db, file.accountId) })
    const stored = toStoredConfig(file, vault)
    await checkOutside(composed, { file, stored, driver, facts: existing?.facts ?? {} })
    return withTemporal(async (temporal) => {
      await refuseWhileDisconnecting(temporal, file.connectionId)
      const { connectionId, state: stateStored } = await storeConnection(db, file, stored)
      if (!options.setup) {
        const workflowId = workflowIds.setup(connectionId)
        return { connectionId, state: stateStored, workflowId, joined: false }
      }
      const run = await startOrJoin(temporal.client, {
        type: driver.setupWorkflow,
        workflowId: workflowIds.setup(connectionId),
        queue: QUEUES.setup,
        input: { connectionId },
        priorityKey: PRIORITY.setup,
        connectionId,
        summary: `Set-up of ${connectionId}`,
      })
      if (run.joined) {
        await wakeSetUp(run, options.by, options.progress)
      }
      if (options.wait) {
        const look = lookAtSteps(run, options.progress)
        const waiting = { temporal, run, queue: QUEUES.setup, progress: options.progress, look }
        requireSetUp(await awaitResult<SetupStatus>(waiting))
      }
      const state = (await findConnection(db, connectionId))?.state ?? 'settingUp'
      return { connectionId, state, workflowId: run.workflowId, joined: run.joined }
    })
  })
}

/** How to apply a file. */
export interface ApplyOptions {
  readonly wait: boolean
  /** False: only check and store, so that set-up can be previewed before it changes anything. */
  readonly setup: boolean
  /** The person who applies it; stored as evidence if the file disables the connection. */
  readonly by: string
  readonly progress: Progress
}

/** The answer of `connection apply`. `workflowId` is that of set-up or of the disconnect. */
export interface AppliedConnection {
  readonly connectionId: string
  readonly state: ConnectionState
  readonly workflowId: string
  /** The workflow was already running. It does not repeat finished steps with the new settings. */
  readonly joined: boolean
}

/**
 * A connection cannot be enabled while it is being disconnected: one workflow would remove what the other installs.
 * @throws AppError `disconnect_running`.
 */
async function refuseWhileDisconnecting(
  { client }: TemporalClient,
  connectionId: string,
): Promise<void> {
  const workflowId = workflowIds.disconnect(connectionId)
  if (await isRunning(client, workflowId)) {
    throw new AppError('disconnect_running', `${workflowId} has not ended yet.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
}

async function isRunning(client: TemporalClient['client'], workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe()
    return status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
      return false
    }
    throw error
  }
}

/**
 * Makes a running set-up that waits for a person retry its step, because the file just applied may contain what the
 * step waits for, such as a new secret. A set-up that Support holds back stays held back. The retry is stored as
 * evidence like every decision. Does nothing if no worker answers or set-up is not waiting.
 */
export async function wakeSetUp(run: StartedRun, by: string, progress: Progress): Promise<void> {
  try {
    const { steps, heldBy, result } = await run.handle.query<SetupStatus>('status')
    const waiting = steps.find(({ state }) => state === 'paused')
    if (waiting?.pause?.choices.includes('retry') !== true || heldBy !== null || result !== null) {
      return
    }
    const override: SetupOverride = { step: waiting.id, action: 'retry', reason: APPLIED_AGAIN, by }
    await run.handle.signal('override', override)
    progress.note(`The step ${waiting.id} was waiting; it is tried again with these settings.`)
  } catch {
    progress.note(`Could not find out whether ${run.workflowId} waits; it continues by itself.`)
  }
}

const APPLIED_AGAIN = 'applied the connection file again'

/**
 * Disables a connection whose file has `"crm":"none"` (C8). Safe to repeat.
 * @throws AppError `connection_not_found`; `value_invalid` for another account; `temporal_unreachable`.
 */
function disableConnection(
  { connectionId, accountId }: DisablingFile,
  { wait, by, progress }: ApplyOptions,
): Promise<AppliedConnection> {
  return withLedger(async (db) => {
    const connection = await requireConnection(db, connectionId)
    if (connection.accountId !== accountId) {
      throw new AppError(
        'value_invalid',
        `accountId is not valid: connection ${connectionId} belongs to ${connection.accountId}.`,
        { path: 'accountId', value: accountId },
      )
    }
    return withTemporal(async (temporal) => {
      const input = { connectionId, removeInstalled: false, reason: APPLIED_NONE, by }
      const { run, status } = await runDisconnect(temporal, input, { wait, progress })
      for (const { state, note } of status?.steps ?? []) {
        if (state === 'skipped' && note !== null) {
          progress.note(note)
        }
      }
      const state = (await findConnection(db, connectionId))?.state ?? connection.state
      return { connectionId, state, workflowId: run.workflowId, joined: run.joined }
    })
  })
}

const APPLIED_NONE = 'applied "crm":"none"'

/**
 * Throws if Support ended the set-up. Status and evidence have who did so and why.
 * @throws AppError `setup_aborted`. Not retryable.
 */
export function requireSetUp({ connectionId, result, steps }: SetupStatus): void {
  if (result === 'aborted') {
    const step = steps.find(({ state }) => state === 'failed')?.id ?? null
    const where = step === null ? '' : ` at the step ${step}`
    throw new AppError('setup_aborted', `Set-up of ${connectionId} was aborted${where}.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
}
