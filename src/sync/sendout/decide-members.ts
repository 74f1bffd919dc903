import {
  excludeDuplicates,
  memberAddresses,
  membersFrom,
  saveVerdicts,
} from '../../ledger/sendout-members.js'
import type { SendoutRun } from '../../ledger/sendouts.js'
import { catchUpEmarketeer } from '../catch-up-emarketeer.js'
import { readUnreadStates } from '../read-unread.js'
import type { SyncSession } from '../session.js'
import { judgeMembers } from './load-gate.js'

const CHUNK = 1_000

/**
 * Decides every targeted contact by the send gate. eMarketeer's own acts are read last, right before. Repeated, it
 * decides afresh.
 */
export async function decideMembers(session: SyncSession, run: SendoutRun): Promise<void> {
  await catchUpEmarketeer(session)
  await readUnreadOfRun(session, run)
  for (let from = 0; from < run.targeted; from += CHUNK) {
    const members = await membersFrom(session.db, run.sendoutRunId, from, CHUNK)
    await saveVerdicts(
      session.db,
      run.sendoutRunId,
      await judgeMembers(session, run, members, true),
    )
    session.heartbeat({ done: from + members.length, total: run.targeted })
  }
  await excludeDuplicates(session.db, run.sendoutRunId, run.channel ?? 'email')
}

/** Contacts that came, left or moved while the run was under way: their state is read, or they are not verified. */
async function readUnreadOfRun(session: SyncSession, run: SendoutRun): Promise<void> {
  const open = await memberAddresses(session.db, run.sendoutRunId, 0, run.targeted, true)
  for (let at = 0; at < open.length; at += CHUNK) {
    await readUnreadStates(session, open.slice(at, at + CHUNK))
  }
}
