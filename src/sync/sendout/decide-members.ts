import { chunksOf } from '../../domain/lists.js'
import { unreadMemberAddresses } from '../../ledger/sendout/open-members.js'
import { saveVerdicts } from '../../ledger/sendout/sendout-members.js'
import type { SendoutRun } from '../../ledger/sendout/sendouts.js'
import { catchUpEmarketeer } from '../mirror/catch-up-emarketeer.js'
import { readUnreadStates } from '../mirror/read-unread.js'
import type { SyncSession } from '../../connection/session.js'
import { judgeSelection } from './gate/load-gate.js'

/** Members judged at once, between two heartbeats. */
const CHUNK = 5_000

/** How many chunks are decided in parallel. A single one would leave the database idle while its verdicts are stored. */
const LANES = 2

/**
 * Decides every targeted contact by the send gate, right after reading eMarketeer's own acts. If it is repeated, it
 * decides again. After the run is closed, it stores no further verdict. Closing excludes duplicates.
 */
export async function decideMembers(session: SyncSession, run: SendoutRun): Promise<void> {
  await catchUpEmarketeer(session)
  await readUnreadOfRun(session, run)
  await decideChunks(session, run)
}

/** Lets every lane end before it throws, so that a repetition writes the final verdicts. */
async function decideChunks(session: SyncSession, run: SendoutRun): Promise<void> {
  let next = 0
  let done = 0
  const decideNext = async () => {
    session.call.signal?.throwIfAborted()
    const from = next
    next += CHUNK
    const { sendoutRunId } = run
    const selection = { sendoutRunId, from, limit: CHUNK, eligibleOnly: false }
    const { verdicts } = await judgeSelection(session, run, selection, { mustBeFresh: true })
    if (!(await saveVerdicts(session.db, sendoutRunId, verdicts))) {
      next = run.targeted
      return
    }
    done += verdicts.length
    session.heartbeat({ done, total: run.targeted })
  }
  const lane = async () => {
    try {
      while (next < run.targeted) {
        await decideNext()
      }
    } finally {
      // After a failure the other lanes start no further chunk.
      next = run.targeted
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: LANES }, lane))
  const failed = lanes.find((result) => result.status === 'rejected')
  if (failed) {
    throw failed.reason as Error
  }
}

/** Addresses read at once. */
const READ_AT_ONCE = 1_000

/**
 * Reads contacts that joined, left or moved during the run, and texts that name a targeted contact. Otherwise these are
 * not verified.
 */
async function readUnreadOfRun(session: SyncSession, run: SendoutRun): Promise<void> {
  const everybody = { from: 0, to: run.targeted }
  const unread = await unreadMemberAddresses(session.db, run, everybody)
  for (const part of chunksOf(unread, READ_AT_ONCE)) {
    await readUnreadStates(session, part)
  }
}
