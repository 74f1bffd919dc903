import {
  type CallContext,
  checkUrl,
  UpstreamError,
  answer,
  entries,
  part,
  readRecords,
} from '../../../http/index.js'
import type { FactSecrets, WebhookInstallation, WebhookTarget, CrmFacts } from '../../crm.js'
import type { SuperOfficeClient } from '../client.js'
import type { WebhookFacts } from '../facts.js'
import { newSecret, openSecrets } from './secret.js'
import { isOwnException, NOT_JSON } from '../wire/describe-error.js'
import { z } from 'zod'
import { encodeParameters } from '../wire/filter.js'

/** The connection that installing, tending and removing work for. */
export interface WebhookOwner {
  readonly client: SuperOfficeClient
  readonly connectionId: string
  /** As set-up left it; undefined: none. */
  readonly webhook: WebhookFacts | undefined
  readonly secrets: FactSecrets
  readonly allowLoopbackHttp: boolean
}

/** Secrets kept during an exchange: after a lost answer, SuperOffice may have any of them. */
const MOST_SECRETS = 3

/**
 * Makes SuperOffice post changes to the gateway (docs/wire-superoffice.md, 8). Searches for ours by name first, because
 * two registrations create two webhooks. The secret is always new; it is stored, sealed, before SuperOffice receives
 * it, because the test event is already signed with it. The previous one stays valid for events in progress.
 * @returns not installed, and why, if SuperOffice refuses: the earlier state remains. @throws UpstreamError for
 * failures that a retry may correct, AppError `crm_tenant_unavailable`.
 */
export async function installWebhooks(
  owner: WebhookOwner,
  { url, keep }: WebhookTarget,
  context: CallContext,
): Promise<WebhookInstallation> {
  const { client, connectionId, webhook, secrets } = owner
  if (checkUrl(url, owner.allowLoopbackHttp) !== null) {
    const reason = `SuperOffice posts only to https, and PUBLIC_URL is ${new URL(url).origin}.`
    return { installed: false, reason, facts: {} }
  }
  const name = webhookName(connectionId)
  try {
    const [own, ...further] = await webhooksNamed(client, name, context)
    for (const { webhookId } of further) {
      await deleteWebhook(client, webhookId, context)
    }
    // A secret that an earlier attempt may have registered is tried again: a new one would push out the previous one.
    const tried = webhook?.pending === true ? pendingOf(webhook, secrets) : null
    const secret = tried ?? newSecret()
    const earlier = webhook?.secrets.slice(tried === null ? 0 : 1) ?? []
    const known = [secrets.seal(secret), ...earlier].slice(0, MOST_SECRETS)
    await keep({ webhook: { url, secrets: known, pending: true } satisfies WebhookFacts })
    await saveWebhook(client, own?.webhookId ?? null, { name, url, secret }, context)
    const facts = { webhook: { url, secrets: known.slice(0, 2) } satisfies WebhookFacts }
    return { installed: true, reason: null, facts }
  } catch (error) {
    if (isRefusal(error)) {
      const facts = { webhook: webhook ?? null }
      return { installed: false, reason: refusalInWords(error, url), facts }
    }
    throw error
  }
}

/** Null if it cannot be opened any more. */
function pendingOf({ secrets: [newest = ''] }: WebhookFacts, { open }: FactSecrets): string | null {
  try {
    return open(newest)
  } catch {
    return null
  }
}

/**
 * Switches our webhook on again if SuperOffice switched it off after failures (docs/wire-superoffice.md, 8). One that
 * somebody stopped without a failure, or deleted, stays: set-up installs it again. The sweep does not depend on it, so
 * a refusal by SuperOffice is ignored.
 * @returns whether it was off. @throws UpstreamError if a retry helps or credentials are refused; AppError also if the
 * secret cannot be opened any more.
 */
export async function tendWebhooks(
  { client, connectionId, webhook, secrets }: WebhookOwner,
  context: CallContext,
): Promise<{ readonly reactivated: boolean }> {
  if (webhook === undefined) {
    return { reactivated: false }
  }
  const name = webhookName(connectionId)
  try {
    const [own] = await webhooksNamed(client, name, context)
    if (own === undefined || !(await failedOff(own))) {
      return { reactivated: false }
    }
    // An update needs the complete webhook, including its secret, which cannot be read.
    const [secret = ''] = openSecrets(webhook, secrets)
    await saveWebhook(client, own.webhookId, { name, url: webhook.url, secret }, context)
    return { reactivated: true }
  } catch (error) {
    if (isRefusal(error)) {
      return { reactivated: false }
    }
    throw error
  }

  async function failedOff({ webhookId, state }: WebhookRow): Promise<boolean> {
    const stopped = state === 'Stopped' && (await hasFailed(client, webhookId, context))
    return state === 'TooManyErrors' || stopped
  }
}

/**
 * Ends the posting: deletes every webhook with the connection's name. Succeeds if nothing is there, and if the
 * installation allows us no webhooks: what may remain gets 401 from now on, because its secret is forgotten, and
 * SuperOffice gives up after nine attempts.
 * @returns facts to change. @throws UpstreamError, AppError if a retry may correct it.
 */
export async function removeWebhooks(
  { client, connectionId }: Pick<WebhookOwner, 'client' | 'connectionId'>,
  context: CallContext,
): Promise<CrmFacts> {
  try {
    for (const { webhookId } of await webhooksNamed(client, webhookName(connectionId), context)) {
      await deleteWebhook(client, webhookId, context)
    }
  } catch (error) {
    if (!isRefusal(error)) {
      throw error
    }
  }
  return { webhook: null }
}

/**
 * Whether SuperOffice accepts no webhook of ours, which is not a fault (docs/wire-superoffice.md, 8): the agent is not
 * granted, webhooks are switched off, the server has none, or the test event failed. The form of the last is not
 * documented; an exception of the server's own counts as it, even with status 500. Refused credentials, limits and
 * silence do not.
 */
export function isRefusal(error: unknown): error is UpstreamError {
  if (!(error instanceof UpstreamError) || error.status === null) {
    return false
  }
  const ofTheCall = error.code === 'upstream_auth_failed' || error.code === 'upstream_rate_limited'
  return !ofTheCall && (isOwnException(error) || (error.status >= 400 && error.status < 500))
}

/** Why there is no webhook, for Support. @param url shown without its path. */
function refusalInWords(error: UpstreamError, url: string): string {
  const { status, upstreamCode } = error
  const code = upstreamCode === null || upstreamCode === NOT_JSON ? `${status}` : upstreamCode
  switch (status) {
    case 403:
      return (
        `SuperOffice does not let us have webhooks (${code}). Online: the application has not been granted the Webhook ` +
        'agent, ask SuperOffice for it. On site: EnableWebhooks is off in the web.config.'
      )
    case 404:
    case 405:
      return `This version of SuperOffice has no webhooks (${code}).`
    default:
      return (
        `SuperOffice refuses to post to ${new URL(url).origin} (${code}). It must be https with a valid certificate, ` +
        "reachable from SuperOffice, and answer its test event with 200: that is our gateway's part."
      )
  }
}

/** Most are other people's, and an odd one must not matter. */
export const webhookRow = answer(
  { name: 'superoffice.webhook', operation: 'GET /Webhook', lossUnit: 'record' },
  part({
    WebhookId: z.int().positive(),
    Name: z.string(),
    State: z.string().nullish().catch(null),
  }),
)
/** The server sometimes sends null for an empty list. */
const webhookList = answer(
  { name: 'superoffice.webhooks', operation: 'GET /Webhook', lossUnit: 'page' },
  entries.nullable(),
)

/** A webhook as SuperOffice lists it, without its secret. */
interface WebhookRow {
  readonly webhookId: number
  /** `Active`, `Stopped`, `TooManyErrors`. */
  readonly state: string
}

/** A webhook to register. */
interface WebhookDraft {
  readonly name: string
  readonly url: string
  readonly secret: string
}

/** Every event that may concern a consent (docs/wire-superoffice.md, 8). */
const EVENTS = [
  'person.consented',
  'person.unconsented',
  'person.created',
  'person.changed',
  'person.softdeleted',
  'person.deleted',
]

/** Webhooks of exactly this name, oldest first: names may repeat. @throws UpstreamError, AppError */
async function webhooksNamed(
  client: SuperOfficeClient,
  name: string,
  context: CallContext,
): Promise<readonly WebhookRow[]> {
  const { body } = await client.json(
    {
      method: 'GET',
      path: `/Webhook?${encodeParameters({ nameFilter: name })}`,
      operation: webhookList.operation,
      name: 'webhooks.look',
      effect: 'read',
    },
    webhookList,
    context,
  )
  return readRecords(webhookRow, body ?? [], context)
    .filter((one) => one.Name === name)
    .map(({ WebhookId, State }) => ({ webhookId: WebhookId, state: State ?? '' }))
    .sort((a, b) => a.webhookId - b.webhookId)
}

/**
 * Registers or updates a webhook and switches it on. SuperOffice first posts a test event, and refuses unless the
 * answer is 200. @throws UpstreamError, AppError
 */
async function saveWebhook(
  client: SuperOfficeClient,
  webhookId: number | null,
  { name, url, secret }: WebhookDraft,
  context: CallContext,
): Promise<void> {
  const isNew = webhookId === null
  await client.text(
    {
      method: isNew ? 'POST' : 'PUT',
      path: isNew ? '/Webhook' : `/Webhook/${webhookId}`,
      operation: isNew ? 'POST /Webhook' : 'PUT /Webhook/{id}',
      name: 'webhooks.save',
      effect: 'write',
      json: {
        ...(isNew ? {} : { WebhookId: webhookId }),
        Name: name,
        Events: EVENTS,
        TargetUrl: url,
        Secret: secret,
        State: 'Active',
        Type: 'webhook',
      },
    },
    context,
  )
}

/** Deletes a webhook. @throws UpstreamError, AppError */
export async function deleteWebhook(
  client: SuperOfficeClient,
  webhookId: number,
  context: CallContext,
): Promise<void> {
  await client.text(
    {
      method: 'DELETE',
      path: `/Webhook/${webhookId}`,
      operation: 'DELETE /Webhook/{id}',
      name: 'webhooks.remove',
      effect: 'write',
      acceptStatuses: [404],
    },
    context,
  )
}

/** Whether it failed before; the text may quote addresses and is not kept. @throws UpstreamError, AppError */
async function hasFailed(
  client: SuperOfficeClient,
  webhookId: number,
  context: CallContext,
): Promise<boolean> {
  const { body } = await client.text(
    {
      method: 'GET',
      path: `/Webhook/${webhookId}/LastError`,
      operation: 'GET /Webhook/{id}/LastError',
      name: 'webhooks.look',
      effect: 'read',
    },
    context,
  )
  return !['', 'null', '""'].includes(body.trim())
}

/** Name of a connection's webhook, which identifies it wherever the gateway moves. */
function webhookName(connectionId: string): string {
  return `eMarketeer sync (${connectionId})`
}
