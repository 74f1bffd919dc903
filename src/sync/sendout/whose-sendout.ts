import { AppError } from '../../contracts/app-error.js'
import type { PreSendRequest, SendoutStage } from '../../contracts/pre-send.js'
import {
  accountOfConnection,
  ensureImplicitConnection,
  findConnectionOfAccount,
  type ConnectionRow,
} from '../../ledger/connection/connections.js'
import type { Queryable } from '../../ledger/db/database.js'
import { newestSendoutRuns, type SendoutRun } from '../../ledger/sendout/sendouts.js'

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

/** A sendout as it is read: with its account wherever that is known. */
export interface SendoutReference {
  readonly sendoutId: string
  /** Null: whoever reads has all accounts, and the id is to tell. */
  readonly accountId: string | null
}

/**
 * The newest run of a sendout's stage, or null: the account's own, never that of another one with a sendout of this id.
 * @throws AppError `value_missing` where more than one account has such a sendout, and none is named.
 */
export async function newestRunOf(
  db: Queryable,
  { sendoutId, accountId }: SendoutReference,
  stage: SendoutStage,
): Promise<SendoutRun | null> {
  const [run, other] = await newestSendoutRuns(db, sendoutId, stage, accountId)
  if (other !== undefined) {
    const message = `More than one account has a sendout ${sendoutId}: name the account.`
    throw new AppError('value_missing', message, { path: 'accountId' })
  }
  return run ?? null
}
