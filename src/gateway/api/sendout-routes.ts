import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AppError } from '../../contracts/app-error.js'
import type { PreSendResult, SendoutStage } from '../../contracts/pre-send.js'
import { isStorableId } from '../../domain/storable-text.js'
import type { Queryable } from '../../ledger/database.js'
import { newestSendoutRun, receiptOf } from '../../ledger/sendouts.js'
import {
  findListRun,
  readMailingListPage,
  type MailingListPage,
} from '../../sync/sendout/mailing-list.js'
import type { Systems } from '../../sync/systems.js'
import type { GatewayOptions } from '../gateway-options.js'
import { LIMITS } from '../limits.js'
import { TokenBuckets } from '../token-buckets.js'
import { createAuthorization } from './authorize.js'

/** A page of a mailing list as it is given out. */
interface MailingListAnswer extends MailingListPage {
  /** Both systems were checked as of this moment (ISO UTC). */
  readonly verifiedAsOf: string | null
  /** eMarketeer and our inbox were caught up with once more for this page (ISO UTC). */
  readonly asOf: string
}

const API = '/api/v1/sendouts/:sendoutId'

/** What a campaign service reads: list and result of a sendout (rule G3). */
export function sendoutRoutes(
  app: FastifyInstance,
  { db, systems, apiKey, nowMs }: GatewayOptions,
): void {
  const wrongKeysBySource = new TokenBuckets(LIMITS.failuresPerSource, nowMs)
  const onRequest = createAuthorization(apiKey, wrongKeysBySource)
  app.get(`${API}/mailing-list`, { onRequest }, (request) =>
    mailingList(systems, sendoutIdOf(request), queryValue(request, 'cursor')),
  )
  app.get(`${API}/result`, { onRequest }, (request) =>
    result(db, sendoutIdOf(request), stageOf(queryValue(request, 'stage'))),
  )
  app.get(`${API}/receipt`, { onRequest }, (request) =>
    receipt(db, sendoutIdOf(request), stageOf(queryValue(request, 'stage'))),
  )
}

async function mailingList(
  systems: Systems,
  sendoutId: string,
  cursor: string | null,
): Promise<MailingListAnswer> {
  const run = await findListRun(systems.db, sendoutId)
  const { connectionId, workflowId, sendoutRunId: runId } = run
  const session = await systems.session({ runId, connectionId, tier: 'preSend', workflowId })
  // Taken before the reading: the page is at least as fresh as it says.
  const asOf = new Date().toISOString()
  const page = await readMailingListPage(session, run, cursor)
  return { ...page, verifiedAsOf: run.result?.verifiedAsOf ?? null, asOf }
}

/** What was checked when in which system, what was dropped and why (rule G6). */
async function receipt(db: Queryable, sendoutId: string, stage: SendoutStage): Promise<unknown> {
  await result(db, sendoutId, stage)
  const run = await newestSendoutRun(db, sendoutId, stage)
  return { sendoutId, stage, run: run!.run, ...(await receiptOf(db, run!.sendoutRunId)) }
}

async function result(
  db: Queryable,
  sendoutId: string,
  stage: SendoutStage,
): Promise<PreSendResult> {
  const run = await newestSendoutRun(db, sendoutId, stage)
  if (!run?.result) {
    const state = run ? 'is not decided yet' : 'is not known'
    throw new AppError('run_not_found', `Stage ${stage} of sendout ${sendoutId} ${state}.`, {
      path: 'sendoutId',
      value: sendoutId,
    })
  }
  return run.result
}

/** @throws AppError `sendout_not_found` for an id that none could have. */
function sendoutIdOf(request: FastifyRequest): string {
  const { sendoutId } = request.params as { sendoutId: string }
  if (!isStorableId(sendoutId)) {
    throw new AppError('sendout_not_found', 'No sendout has such an id.', { path: 'sendoutId' })
  }
  return sendoutId
}

function stageOf(stage: string | null): SendoutStage {
  if (stage === null || stage === 'send' || stage === 'checklist') {
    return stage ?? 'send'
  }
  throw new AppError('value_invalid', 'The stage is "checklist" or "send".', { path: 'stage' })
}

/** @throws AppError `value_invalid` where a name stands twice. */
function queryValue(request: FastifyRequest, name: string): string | null {
  const value = (request.query as Record<string, unknown>)[name]
  if (value === undefined || typeof value === 'string') {
    return value ?? null
  }
  throw new AppError('value_invalid', 'The value may be given once only.', { path: name })
}
