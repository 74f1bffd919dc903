import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../../contracts/app-error.js'
import type { PreSendResult, SendoutStage } from '../../contracts/pre-send.js'
import { isStorableId } from '../../domain/storable-text.js'
import type { Queryable } from '../../ledger/db/database.js'
import { newestSendoutRun, receiptOf, type SendoutRun } from '../../ledger/sendout/sendouts.js'
import {
  findListRun,
  readMailingListPage,
  type MailingListPage,
} from '../../sync/sendout/mailing-list.js'
import type { SendoutReference } from '../../sync/sendout/whose-sendout.js'
import type { Systems } from '../../connection/systems.js'
import type { GatewayOptions } from '../gateway-options.js'
import { LIMITS } from '../limits.js'
import { TokenBuckets, sourceOf } from '../rate-limit.js'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../config/secrets/secret.js'
import { httpRefusal } from '../refusal.js'

/** A page of a mailing list, as returned to the campaign service. */
interface MailingListAnswer extends MailingListPage {
  /** Both systems were checked as of this moment (ISO UTC). */
  readonly verifiedAsOf: string | null
  /** Time of this page (ISO UTC): eMarketeer's feed and our inbox were read again for it. */
  readonly asOf: string
}

const API = '/api/v1/sendouts/:sendoutId'

/** Routes for a campaign service: list and result of a sendout (rule G3). */
export function sendoutRoutes(
  app: FastifyInstance,
  { db, systems, apiKey, nowMs }: GatewayOptions,
): void {
  const wrongKeysBySource = new TokenBuckets(LIMITS.failuresPerSource, nowMs)
  const onRequest = createAuthorization(apiKey, wrongKeysBySource)
  app.get(`${API}/mailing-list`, { onRequest }, (request) =>
    mailingList(systems, sendoutOf(request), queryValue(request, 'cursor')),
  )
  app.get(`${API}/result`, { onRequest }, (request) =>
    result(db, sendoutOf(request), stageOf(queryValue(request, 'stage'))),
  )
  app.get(`${API}/receipt`, { onRequest }, (request) =>
    receipt(db, sendoutOf(request), stageOf(queryValue(request, 'stage'))),
  )
}

async function mailingList(
  systems: Systems,
  sendout: SendoutReference,
  cursor: string | null,
): Promise<MailingListAnswer> {
  const run = await findListRun(systems.db, sendout)
  const { connectionId, workflowId, sendoutRunId: runId } = run
  const session = await systems.session({ runId, connectionId, trigger: 'preSend', workflowId })
  // Taken before the reading, so that the page is at least this fresh.
  const asOf = new Date().toISOString()
  const page = await readMailingListPage(session, run, cursor)
  return { ...page, verifiedAsOf: run.result?.verifiedAsOf ?? null, asOf }
}

/** The receipt of a sendout: what was checked, when and in which system, and what was dropped and why (rule G6). */
async function receipt(
  db: Queryable,
  sendout: SendoutReference,
  stage: SendoutStage,
): Promise<unknown> {
  const { sendoutId, run, sendoutRunId } = await decidedRun(db, sendout, stage)
  return { sendoutId, stage, run, ...(await receiptOf(db, sendoutRunId)) }
}

async function result(
  db: Queryable,
  sendout: SendoutReference,
  stage: SendoutStage,
): Promise<PreSendResult> {
  return (await decidedRun(db, sendout, stage)).result
}

async function decidedRun(
  db: Queryable,
  sendout: SendoutReference,
  stage: SendoutStage,
): Promise<SendoutRun & { readonly result: PreSendResult }> {
  const { sendoutId, accountId } = sendout
  const run = await newestSendoutRun(db, sendoutId, stage, accountId)
  if (!run?.result) {
    const state = run ? 'is not decided yet' : 'is not known'
    throw new AppError('run_not_found', `Stage ${stage} of sendout ${sendoutId} ${state}.`, {
      path: 'sendoutId',
      value: sendoutId,
    })
  }
  return { ...run, result: run.result }
}

/**
 * The sendout in the path, for the account in `?accountId=`.
 * @throws AppError `value_missing` if no account is named; `sendout_not_found` for an id that no sendout can have.
 */
function sendoutOf(request: FastifyRequest): SendoutReference {
  const { sendoutId } = request.params as { sendoutId: string }
  const accountId = queryValue(request, 'accountId')
  if (accountId === null || accountId === '') {
    const message = 'Name the account: another account may have a sendout with this id.'
    throw new AppError('value_missing', message, { path: 'accountId' })
  }
  if (!isStorableId(sendoutId) || !isStorableId(accountId)) {
    throw new AppError('sendout_not_found', 'No sendout has such an id.', { path: 'sendoutId' })
  }
  return { sendoutId, accountId }
}

function stageOf(stage: string | null): SendoutStage {
  if (stage === null || stage === 'send' || stage === 'checklist') {
    return stage ?? 'send'
  }
  throw new AppError('value_invalid', 'The stage is "checklist" or "send".', { path: 'stage' })
}

/** One value of the query. @throws AppError `value_invalid` if the name is repeated. */
function queryValue(request: FastifyRequest, name: string): string | null {
  const value = (request.query as Record<string, unknown>)[name]
  if (value === undefined || typeof value === 'string') {
    return value ?? null
  }
  throw new AppError('value_invalid', 'The value may be given once only.', { path: name })
}

/**
 * Checks the gateway's key, sent as a bearer token. Digests are compared in constant time, so that neither its content
 * nor its length leaks.
 * @returns a hook for `onRequest`, which throws 503 if no key is configured, 401, or 429 for a source that keeps
 * sending wrong keys.
 */
function createAuthorization(
  apiKey: Secret | null,
  wrongKeysBySource: TokenBuckets,
): (request: FastifyRequest) => Promise<void> {
  const expected = apiKey === null ? null : digest(apiKey.reveal())
  return async (request) => {
    if (expected === null) {
      throw httpRefusal('api_key_not_configured')
    }
    const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (given !== undefined && timingSafeEqual(digest(given), expected)) {
      return
    }
    throw wrongKeysBySource.take(sourceOf(request))
      ? new AppError('unauthorized', 'The gateway key is missing or wrong.')
      : httpRefusal('too_many_requests')
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
