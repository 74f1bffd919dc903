import { AppError } from '../../contracts/app-error.js'
import type { PreSendRequest } from '../../contracts/pre-send.js'
import { type AudiencePage, readManyStates, UNKNOWN_EMAIL } from '../../emarketeer/index.js'
import { FittingPages, UpstreamError } from '../../http/index.js'
import { ensureEmarketeerAddresses } from '../../ledger/copy/address-mentions.js'
import { addSpelledContacts } from '../../ledger/copy/emarketeer-mirror.js'
import { saveMembers, type SendoutMember } from '../../ledger/sendout/sendout-members.js'
import { markAsked, saveAudience, type SendoutRun } from '../../ledger/sendout/sendouts.js'
import { nextTick } from '../../ledger/db/database.js'
import { eachOverlapping, oneAhead } from '../mirror/one-ahead.js'
import { spelledAddressOf } from '../mirror/spelled-address.js'
import { noteUnreadable } from '../mirror/upsert-states.js'
import type { SyncSession } from '../../connection/session.js'

const PAGE_SIZE = 5_000

export interface FixedAudience {
  readonly targeted: number
  readonly channel: 'email' | 'sms'
}

type Member = Omit<SendoutMember, 'position' | 'addressId'>

/**
 * Fixes and stores who is targeted at this moment (rule G1). All later readings count as fresh for this sendout.
 * Repeating it gives the same audience. After the run is closed, it stores no member and requests no page.
 *
 * @throws UpstreamError; AppError `campaign_not_found`, or `emarketeer_refused` if the audience has expired.
 */
export async function fixAudience(
  session: SyncSession,
  run: SendoutRun,
  request: PreSendRequest,
): Promise<FixedAudience> {
  await markAsked(session.db, run.sendoutRunId, await nextTick(session.db))
  return request.contactIds
    ? fixNamed(session, run, request)
    : fixCampaign(session, run, request.campaignId!, request.componentId!)
}

async function fixNamed(
  session: SyncSession,
  run: SendoutRun,
  request: PreSendRequest,
): Promise<FixedAudience> {
  const contactIds = request.contactIds!
  const tick = await nextTick(session.db)
  const { items, unreadable } = await readManyStates(
    session.emarketeer,
    { contactIds },
    'consents',
    session.call,
  )
  await noteUnreadable(session, unreadable, tick)
  const known = new Map<string, Pick<Member, 'email' | 'mobile'>>(
    unreadable.map(({ contactId, email }) => [
      contactId ?? '',
      { email: email ?? UNKNOWN_EMAIL, mobile: null },
    ]),
  )
  items.forEach((state) => known.set(state.contactId, state))
  const channel = request.channel!
  await store(
    session,
    run,
    0,
    contactIds.map((contactId) => ({
      contactId,
      email: known.get(contactId)?.email ?? null,
      mobile: known.get(contactId)?.mobile ?? null,
    })),
  )
  await saveAudience(session.db, run.sendoutRunId, {
    channel,
    categoryId: request.categoryId ?? null,
    transactional: request.transactional!,
    audienceId: null,
    targeted: contactIds.length,
  })
  return { targeted: contactIds.length, channel }
}

async function fixCampaign(
  session: SyncSession,
  run: SendoutRun,
  campaignId: string,
  componentId: string,
): Promise<FixedAudience> {
  const key = `${run.sendoutId}:${run.stage}:${run.run}`
  const audience = await session.emarketeer
    .createAudience({ sendoutId: key, campaignId, componentId }, session.call)
    .catch((error: unknown) => {
      throw isUnknown(error) ? campaignNotFound(campaignId, error) : error
    })
  let position = 0
  let targeted = 0
  await eachOverlapping(
    oneAhead(audiencePages(session, audience.audienceId)),
    async ({ items, total }) => {
      const start = position
      position += items.length
      const isOpen = await store(session, run, start, items)
      if (isOpen) {
        targeted += items.length
        session.heartbeat({ done: targeted, total })
      }
      return isOpen
    },
  )
  await saveAudience(session.db, run.sendoutRunId, {
    channel: audience.channel,
    categoryId: audience.categoryId,
    transactional: audience.transactional,
    audienceId: audience.audienceId,
    targeted,
  })
  return { targeted, channel: audience.channel }
}

/** The pages of an audience, in order. @throws UpstreamError; AppError `emarketeer_refused` if it has expired. */
async function* audiencePages(
  session: SyncSession,
  audienceId: string,
): AsyncGenerator<Extract<AudiencePage, { readonly status: 'page' }>> {
  const pages = new FittingPages('emarketeer', PAGE_SIZE)
  let cursor: string | null = null
  do {
    const from: string | null = cursor
    const page: AudiencePage = await pages.read((limit) =>
      session.emarketeer.audienceContacts(audienceId, { cursor: from, limit }, session.call),
    )
    if (page.status === 'audienceExpired') {
      throw new AppError('emarketeer_refused', 'The audience of this sendout has expired.', {
        value: 'audience_expired',
      })
    }
    yield page
    cursor = page.nextCursor
    pages.follow(cursor, 'GET /audiences/{audienceId}/contacts')
  } while (cursor !== null)
}

/**
 * Whether the campaign or component does not exist. For a new audience, "not found" can mean nothing else
 * (docs/wire-emarketeer.md, EM-B6).
 */
function isUnknown(error: unknown): boolean {
  return error instanceof UpstreamError && error.code === 'upstream_not_found'
}

function campaignNotFound(campaignId: string, cause: unknown): AppError {
  const message = `eMarketeer has no campaign ${campaignId}, or not this component of it.`
  return new AppError('campaign_not_found', message, {
    path: 'campaignId',
    value: campaignId,
    cause,
  })
}

/** Stores members from a position on. False: the run is closed, and nobody was stored. */
async function store(
  session: SyncSession,
  run: SendoutRun,
  start: number,
  members: readonly Member[],
): Promise<boolean> {
  const { connectionId } = session.connection
  const placed = members.map((member) => ({ member, place: spelledAddressOf(member.email) }))
  return session.db.transaction(async (tx) => {
    const texts = new Set(placed.flatMap(({ place }) => place?.address ?? []))
    const idOf = await ensureEmarketeerAddresses(tx, connectionId, [...texts])
    await addSpelledContacts(
      tx,
      connectionId,
      placed.flatMap(({ member: { contactId }, place }) =>
        place === null || place.spelling === null
          ? []
          : [{ contactId, addressId: idOf.get(place.address)!, spelling: place.spelling }],
      ),
    )
    return saveMembers(
      tx,
      run.sendoutRunId,
      placed.map(({ member, place }, index) => ({
        ...member,
        position: start + index,
        addressId: place === null ? null : idOf.get(place.address)!,
      })),
    )
  })
}
