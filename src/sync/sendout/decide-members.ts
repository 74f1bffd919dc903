import { chunksOf } from '../../domain/lists.js'
import {
  excludeDuplicates,
  memberAddresses,
  membersFrom,
  saveVerdicts,
  unreadMentionsOfMembers,
} from '../../ledger/sendout/sendout-members.js'
import type { SendoutRun } from '../../ledger/sendout/sendouts.js'
import { catchUpEmarketeer } from '../mirror/catch-up-emarketeer.js'
import { readUnreadStates } from '../mirror/read-unread.js'
import type { SyncSession } from '../../connection/session.js'
import { judgeMembers } from './gate/load-gate.js'

const CHUNK = 1_000

/** Chunks decided in parallel: one alone would wait for the database half of its time. */
const LANES = 4

/**
 * Decides every targeted contact by the send gate, right after reading eMarketeer's own acts. Repeating it decides
 * again.
 */
export async function decideMembers(session: SyncSession, run: SendoutRun): Promise<void> {
  await catchUpEmarketeer(session)
  await readUnreadOfRun(session, run)
  await decideChunks(session, run)
  await excludeDuplicates(session.db, run.sendoutRunId, run.channel ?? 'email')
}

/** Ends every lane before it fails: a repetition must have the last word on every verdict. */
async function decideChunks(session: SyncSession, run: SendoutRun): Promise<void> {
  let next = 0
  let done = 0
  const decideNext = async () => {
    session.call.signal?.throwIfAborted()
    const from = next
    next += CHUNK
    const members = await membersFrom(session.db, run.sendoutRunId, from, CHUNK)
    const verdicts = await judgeMembers(session, run, members, { mustBeFresh: true })
    await saveVerdicts(session.db, run.sendoutRunId, verdicts)
    done += members.length
    session.heartbeat({ done, total: run.targeted })
  }
  const lane = async () => {
    try {
      while (next < run.targeted) {
        await decideNext()
      }
    } finally {
      // After a failure the other lanes begin nothing new.
      next = run.targeted
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane))
  const failed = lanes.find((result) => result.status === 'rejected')
  if (failed) {
    throw failed.reason as Error
  }
}

/**
 * Reads contacts that joined, left or moved during the run, and texts that name one: otherwise they are not verified.
 */
async function readUnreadOfRun(session: SyncSession, run: SendoutRun): Promise<void> {
  const everybody = { from: 0, to: run.targeted }
  const open = [
    ...(await memberAddresses(session.db, run.sendoutRunId, everybody, 'open')),
    ...(await unreadMentionsOfMembers(session.db, run.sendoutRunId, everybody)),
  ]
  for (const part of chunksOf(open, CHUNK)) {
    await readUnreadStates(session, part)
  }
}
