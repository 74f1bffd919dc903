import { randomUUID } from 'node:crypto'
import type { PreSendRequest } from '../../src/contracts/pre-send.js'
import { ensureImplicitConnection } from '../../src/ledger/connection/connections.js'
import {
  findSendoutRun,
  openSendoutRun,
  type SendoutRun,
} from '../../src/ledger/sendout/sendouts.js'
import { closeSendout } from '../../src/sync/sendout/close-sendout.js'
import { decideMembers } from '../../src/sync/sendout/decide-members.js'
import { fixAudience } from '../../src/sync/sendout/fix-audience.js'
import { syncMembers } from '../../src/sync/sendout/sync-members.js'
import type { Systems } from '../../src/connection/systems.js'

/** How a sendout ends, or does not. */
export interface SendoutOptions {
  readonly contactIds?: readonly string[]
  readonly until?: 'decided' | 'aborted' | 'opened'
  /** Default: a new one. */
  readonly sendoutId?: string
}

/** Runs a sendout of an account without a CRM through the sync itself, as the workflow would. */
export async function sendout(
  systems: Systems,
  accountId: string,
  { contactIds = ['1'], until = 'decided', sendoutId = `snd_${randomUUID()}` }: SendoutOptions = {},
): Promise<string> {
  const { db } = systems
  const { connectionId } = await ensureImplicitConnection(db, accountId)
  const request: PreSendRequest = {
    accountId,
    sendoutId,
    contactIds,
    channel: 'email',
    categoryId: null,
    transactional: false,
    stage: 'send',
  }
  const workflowId = `pre-send/${sendoutId}/send`
  const sendoutRunId = randomUUID()
  const opened = await db.transaction((tx) =>
    openSendoutRun(tx, {
      sendoutRunId,
      sendoutId,
      stage: 'send',
      accountId,
      connectionId,
      crm: 'none',
      workflowId,
      deadlineMs: Date.now() + 600_000,
    }),
  )
  if (until === 'opened') {
    return sendoutId
  }
  const run = { runId: sendoutRunId, connectionId, trigger: 'preSend', workflowId } as const
  const session = await systems.session(run)
  if (until === 'decided') {
    await fixAudience(session, opened, request)
    const fixed: SendoutRun = (await findSendoutRun(db, sendoutRunId))!
    await syncMembers(session, fixed, { from: 0, to: fixed.targeted }, 'emarketeerOnly')
    await decideMembers(session, fixed)
  }
  await closeSendout(db, {
    sendoutRunId,
    proof: 'emarketeerOnly',
    onUnverified: 'exclude',
    aborted: until === 'aborted',
    problems: [],
  })
  return sendoutId
}
