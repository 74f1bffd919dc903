import { AppError } from '../../contracts/app-error.js'
import type { PreSendRequest } from '../../contracts/pre-send.js'
import {
  accountOfConnection,
  ensureImplicitConnection,
  findConnectionOfAccount,
  type ConnectionRow,
} from '../../ledger/connection/connections.js'
import type { Queryable } from '../../ledger/db/database.js'
import type { SendoutRun } from '../../ledger/sendout/sendouts.js'

/**
 * The account of a request. The request names the account itself or one of its connections, even a former one.
 * @throws AppError `connection_not_found`, also for the row of an account without CRM.
 */
export async function accountAsked(
  db: Queryable,
  { connectionId, accountId }: Pick<PreSendRequest, 'connectionId' | 'accountId'>,
): Promise<string> {
  if (connectionId === undefined) {
    return accountId!
  }
  const account = await accountOfConnection(db, connectionId)
  if (account === null) {
    throw new AppError('connection_not_found', `There is no connection ${connectionId}.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
  return account
}

/**
 * The connection that decides an account's sendouts now, whichever connection was named: the live one, or else the row
 * that stands for eMarketeer alone.
 */
export async function connectionForSendouts(
  db: Queryable,
  accountId: string,
): Promise<ConnectionRow> {
  return (await findConnectionOfAccount(db, accountId)) ?? ensureImplicitConnection(db, accountId)
}

/**
 * Whether the account's CRM was replaced or connected again after the run was opened. Then the run does not know that
 * CRM's denies.
 */
export async function isSuperseded(
  db: Queryable,
  { accountId, connectionId, connectionEpoch }: SendoutRun,
): Promise<boolean> {
  const live = await findConnectionOfAccount(db, accountId)
  return live !== null && (live.connectionId !== connectionId || live.epoch !== connectionEpoch)
}

/** A sendout id of an account: another account may use the same id. */
export interface SendoutReference {
  readonly sendoutId: string
  readonly accountId: string
}
