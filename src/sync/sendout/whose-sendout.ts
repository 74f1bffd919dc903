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
 * The account that a request is about: named, or that of the connection named, be it an old one.
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
 * The connection by which a sendout of an account is decided now, whichever was named: its live one. Where it has none,
 * the row that stands for eMarketeer alone.
 */
export async function connectionForSendouts(
  db: Queryable,
  accountId: string,
): Promise<ConnectionRow> {
  return (await findConnectionOfAccount(db, accountId)) ?? ensureImplicitConnection(db, accountId)
}

/**
 * Whether the account has got another CRM since a run was opened, or the same one anew: what that one denies, or what was
 * denied while it was disabled, the run does not know.
 */
export async function isSuperseded(
  db: Queryable,
  { accountId, connectionId, connectionEpoch }: SendoutRun,
): Promise<boolean> {
  const live = await findConnectionOfAccount(db, accountId)
  return live !== null && (live.connectionId !== connectionId || live.epoch !== connectionEpoch)
}

/** A sendout as it is read: an id alone may be another account's. */
export interface SendoutReference {
  readonly sendoutId: string
  readonly accountId: string
}
