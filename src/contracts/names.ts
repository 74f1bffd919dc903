/**
 * Names by which others control the product: queues, workflow types, ids, messages, search attributes. They are a
 * contract: a name in use never changes (docs/driving.md).
 */

/** Task queues. Each has its own kind of worker; one process may serve several. */
export const QUEUES = {
  setup: 'setup',
  sweep: 'sweep',
  preSend: 'pre-send',
  webhook: 'webhook',
} as const

export type QueueName = (typeof QUEUES)[keyof typeof QUEUES]

/** Workflow ids, readable for Support. They contain no personal data. */
export const workflowIds = {
  setup: (connectionId: string) => `setup/${connectionId}`,
  setupPreview: (connectionId: string) => `setup/${connectionId}/preview`,
  disconnect: (connectionId: string) => `disconnect/${connectionId}`,
  pause: (connectionId: string) => `pause/${connectionId}`,
  resume: (connectionId: string) => `resume/${connectionId}`,
  rotateWebhooks: (connectionId: string) => `rotate-webhooks/${connectionId}`,
  sweep: (connectionId: string) => `sweep/${connectionId}`,
  sweepRun: (connectionId: string) => `sweep/${connectionId}/run`,
  preSend: (sendoutId: string, stage: string) => `pre-send/${sendoutId}/${stage}`,
  /** @param preSendId the parent's: another account's pre-send of the same sendout has other children. */
  forceSync: (preSendId: string, shard: number) => `${preSendId}/${shard}`,
  inbox: (connectionId: string, shard: number) => `inbox/${connectionId}/${shard}`,
  resync: (connectionId: string, suffix: string) => `resync/${connectionId}/${suffix}`,
} as const

/** Prefix of the ids of accounts without a CRM. A connection file may not use it. */
export const IMPLICIT_ID_PREFIX = 'account-'

/** The id of an account without a CRM where a connection id is needed: ledger rows, fairness keys. */
export function implicitConnectionId(accountId: string): string {
  return `${IMPLICIT_ID_PREFIX}${accountId}`
}

/**
 * Workflow types that are pinned to the build on which a run began; all others move to the current build. Their runs
 * may be ended at any point without loss.
 */
export const PINNED_WORKFLOWS = ['sweepRun', 'resync'] as const

/** Keyword search attributes that every workflow sets. */
export const SEARCH_ATTRIBUTES = ['ConnectionId', 'Crm', 'Phase', 'Tier'] as const

export type Trigger = 'setup' | 'webhook' | 'sweep' | 'preSend' | 'manual'

export type Phase = 'running' | 'paused' | 'waiting' | 'done' | 'failed'

/** Priority keys: webhooks and sendouts first, the sweep last (1 = first). */
export const PRIORITY = { webhook: 1, preSend: 1, setup: 2, sweep: 4 } as const

/** The server's limit. An account's implicit connection id may be longer. */
const MAX_FAIRNESS_KEY = 64

/** Temporal's fairness key: a connection gets one share of a queue. */
export function fairnessKey(connectionId: string): string {
  return connectionId.slice(0, MAX_FAIRNESS_KEY)
}

/** Sender of webhooks to the gateway: the CRM, or eMarketeer. */
export type WebhookSender = 'crm' | 'em'

/** Gateway path to which a side posts. @param webhookRef the connection's. */
export function hookPath(side: WebhookSender, webhookRef: string): string {
  return `/hooks/${side}/${webhookRef}`
}

/** Gateway address to which a side posts. @param publicUrl the gateway's, without a slash at the end. */
export function hookUrl(publicUrl: string, side: WebhookSender, webhookRef: string): string {
  return `${publicUrl}${hookPath(side, webhookRef)}`
}

/** Inbox workflows per connection. */
export const INBOX_SHARDS = 4

/**
 * eMarketeer's name for the CRM from which a write comes (docs/wire-emarketeer.md, vocabulary). Its beginning says that
 * nobody acted in eMarketeer.
 */
export type CrmSource = `crm${string}`
