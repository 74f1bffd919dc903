import { AppError } from '../../contracts/app-error.js'
import type { Channel, MailingListEntry } from '../../contracts/pre-send.js'
import { newestSendoutRun, type SendoutRun } from '../../ledger/sendout/sendouts.js'
import type { Queryable } from '../../ledger/db/database.js'
import { inParallel } from '../../http/index.js'
import { catchUpEmarketeer } from '../mirror/catch-up-emarketeer.js'
import type { SyncSession } from '../../connection/session.js'
import { judgeSelection, type ListedMember } from './gate/load-gate.js'
import { isSuperseded, type SendoutReference } from './whose-sendout.js'

/** One page of the list. `nextCursor` null: this is the last page. */
export interface MailingListPage {
  readonly entries: readonly MailingListEntry[]
  readonly nextCursor: string | null
}

/** Targeted contacts that one page covers. Each page reads eMarketeer's feed, so smaller pages would mostly wait for it. */
const PAGE_SIZE = 20_000
/** Of these so many are judged by one statement, and so many statements run at the same time. */
const JUDGED_AT_ONCE = 5_000
const LANES = 2

/**
 * The run whose list may be read: the newest of stage `send`.
 * @throws AppError `sendout_not_found`; `list_not_available` while undecided or after an abort; `crm_changed`.
 */
export async function findListRun(db: Queryable, sendout: SendoutReference): Promise<SendoutRun> {
  const { sendoutId, accountId } = sendout
  const run = await newestSendoutRun(db, sendoutId, 'send', accountId)
  if (!run) {
    throw new AppError('sendout_not_found', `There is no list of sendout ${sendoutId}.`, {
      path: 'sendoutId',
      value: sendoutId,
    })
  }
  if (run.outcome !== 'decided') {
    const state = run.outcome === 'aborted' ? 'was aborted' : 'is not decided yet'
    throw new AppError('list_not_available', `Sendout ${sendoutId} ${state}.`, {
      path: 'sendoutId',
      value: sendoutId,
    })
  }
  if (await isSuperseded(db, run)) {
    throw new AppError(
      'crm_changed',
      `Sendout ${sendoutId} was decided before the account's CRM was connected as it is now.`,
      {
        path: 'sendoutId',
        value: sendoutId,
      },
    )
  }
  return run
}

/**
 * A page of the mailing list. First eMarketeer's feed is read, and each contact is decided again by the copy and the
 * inbox, so nobody who withdrew after the decision is on the page (rule G3). If eMarketeer is unreachable, no page is
 * returned.
 *
 * @param cursor from the page before, or null for the first.
 * @throws UpstreamError; AppError `value_invalid` for an invalid cursor.
 */
export async function readMailingListPage(
  session: SyncSession,
  run: SendoutRun,
  cursor: string | null,
): Promise<MailingListPage> {
  const from = cursor === null ? 0 : parseCursor(cursor)
  const to = Math.min(run.targeted, from + PAGE_SIZE)
  await catchUpEmarketeer(session)
  const parts = await inParallel(startsOfParts(from, to), LANES, (start) =>
    readPart(session, run, { from: start, limit: Math.min(JUDGED_AT_ONCE, to - start) }),
  )
  return { entries: parts.flat(), nextCursor: to < run.targeted ? `p${to}` : null }
}

function startsOfParts(from: number, to: number): number[] {
  const parts = Math.max(0, Math.ceil((to - from) / JUDGED_AT_ONCE))
  return Array.from({ length: parts }, (_, n) => from + n * JUDGED_AT_ONCE)
}

/** The entries of some neighbouring positions, in order. */
async function readPart(
  session: SyncSession,
  run: SendoutRun,
  range: { readonly from: number; readonly limit: number },
): Promise<MailingListEntry[]> {
  const selection = { sendoutRunId: run.sendoutRunId, ...range, eligibleOnly: true }
  const judged = await judgeSelection(session, run, selection, { mustBeFresh: false })
  const eligible = new Set(
    judged.verdicts.filter((j) => j.verdict === 'eligible').map((j) => j.position),
  )
  return judged.listed
    .filter(({ position }) => eligible.has(position))
    .sort((a, b) => a.position - b.position)
    .map((member) => entryOf(member, run.channel ?? 'email'))
}

/** Only what the channel needs: no number for e-mail, no address for SMS. */
function entryOf({ contactId, reachedAt }: ListedMember, channel: Channel): MailingListEntry {
  return channel === 'sms'
    ? { contactId, email: null, mobile: reachedAt }
    : { contactId, email: reachedAt, mobile: null }
}

function parseCursor(cursor: string): number {
  const match = /^p(\d{1,9})$/.exec(cursor)
  if (!match) {
    throw new AppError('value_invalid', 'The cursor is none that a page of this list gave.', {
      path: 'cursor',
    })
  }
  return Number(match[1])
}
