import type { ApplyOptions, AppliedConnection } from './applied-connection.js'
import type { ConnectionFile } from '../../config/connection-file.js'
import { parseConnectionFile } from '../../config/parse-connection-file.js'
import { readDisablingFile } from '../../config/disabling-file.js'
import { toStoredConfig } from '../../config/stored-config.js'
import { AppError } from '../../contracts/app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../../contracts/names.js'
import type { SetupStatus } from '../../contracts/setup.js'
import type { CrmDriver } from '../../crm/crm.js'
import { CRM_DRIVERS } from '../../crm/registry.js'
import { findConnection, findConnectionOfAccount } from '../../ledger/connection/connections.js'
import { readTextFile } from '../read-text-file.js'
import { withSystems, withTemporal } from '../resources.js'
import { requireSetUp } from '../setup/require-set-up.js'
import { awaitResult } from '../temporal/await-result.js'
import { setupProgress } from '../temporal/setup-progress.js'
import { startOrJoin } from '../../client/start-or-join.js'
import { checkChange } from './check-change.js'
import { checkOutside } from './check-outside.js'
import { disableConnection } from './disable-connection.js'
import { refuseWhileDisconnecting } from './refuse-while-disconnecting.js'
import { storeConnection } from './store-connection.js'
import { wakeSetUp } from './wake-set-up.js'

/**
 * "Apply changes": checks a connection file, first by itself, then on the ledger, then with both systems; stores it, and
 * runs set-up. With `"crm":"none"` disables the connection instead (C8). Applying the same file again is safe.
 *
 * @throws AppError and UpstreamError of every check; nothing is stored then. `setup_aborted` where Support ended it.
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
    const driver = driverOf(file)
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
        await wakeSetUp(run, options.by, options.output)
      }
      if (options.wait) {
        const look = setupProgress(run, options.output)
        const waiting = { temporal, run, queue: QUEUES.setup, output: options.output, look }
        requireSetUp(await awaitResult<SetupStatus>(waiting))
      }
      const state = (await findConnection(db, connectionId))?.state ?? 'settingUp'
      return { connectionId, state, workflowId: run.workflowId, joined: run.joined }
    })
  })
}

function driverOf(file: ConnectionFile): CrmDriver {
  const driver = CRM_DRIVERS.get(file.crm)
  if (!driver) {
    throw new AppError('crm_not_supported', `This release does not connect to ${file.crm}.`, {
      path: 'crm',
      value: file.crm,
    })
  }
  return driver
}
