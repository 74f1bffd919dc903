/**
 * Names by which others drive the product: queues, workflow types, ids, messages, search attributes.
 * A contract: never renamed once running (docs/driving.md).
 */

/** Task queues. Each has a worker of its own kind; one process may serve several. */
export const QUEUES = {
  setup: 'setup',
  sweep: 'sweep',
  preSend: 'pre-send',
  webhook: 'webhook',
} as const

/** A task queue's name. */
export type QueueName = (typeof QUEUES)[keyof typeof QUEUES]

/** Workflow ids, readable by Support; they hold no personal data. */
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
  /** @param preSendId of its parent: another account's pre-send of the same sendout has other children. */
  forceSync: (preSendId: string, shard: number) => `${preSendId}/${shard}`,
  inbox: (connectionId: string, shard: number) => `inbox/${connectionId}/${shard}`,
  resync: (connectionId: string, suffix: string) => `resync/${connectionId}/${suffix}`,
} as const

/** How the ids of rows begin that stand for an account without CRM; a connection file may not take such an id. */
export const IMPLICIT_ID_PREFIX = 'account-'

/** What stands for an account without CRM where the id of a connection is wanted: rows of the ledger, fairness keys. */
export function implicitConnectionId(accountId: string): string {
  return `${IMPLICIT_ID_PREFIX}${accountId}`
}

/**
 * Workflow types whose runs stay with the build on which they began; all others go along with the current build. A run of
 * these may be ended anywhere, and loses nothing.
 */
export const PINNED_WORKFLOWS = ['sweepRun', 'resync'] as const

/** Keyword search attributes that every workflow of ours sets. */
export const SEARCH_ATTRIBUTES = ['ConnectionId', 'Crm', 'Phase', 'Tier'] as const

/** What triggered a sync. */
export type Trigger = 'setup' | 'webhook' | 'sweep' | 'preSend' | 'manual'

/** Value of the search attribute `Phase`. */
export type Phase = 'running' | 'paused' | 'waiting' | 'done' | 'failed'

/** Priority keys: webhooks and sendouts first, the sweep last (1 = first). */
export const PRIORITY = { webhook: 1, preSend: 1, setup: 2, sweep: 4 } as const

/** What the server takes; an account's implicit connection may be longer. */
const MAX_FAIRNESS_KEY = 64

/** Whose share of a queue work takes, as Temporal is told it: a connection's. */
export function fairnessKey(connectionId: string): string {
  return connectionId.slice(0, MAX_FAIRNESS_KEY)
}

/** Who posts webhooks to the gateway: the CRM, or eMarketeer. */
export type WebhookSender = 'crm' | 'em'

/** Path at the gateway to which a side posts. @param webhookRef of the connection. */
export function hookPath(side: WebhookSender, webhookRef: string): string {
  return `/hooks/${side}/${webhookRef}`
}

/** Address to which a side posts. @param publicUrl of the gateway, without a slash at its end. */
export function hookUrl(publicUrl: string, side: WebhookSender, webhookRef: string): string {
  return `${publicUrl}${hookPath(side, webhookRef)}`
}

/** Inbox workflows a connection's webhooks are spread over. */
export const INBOX_SHARDS = 4

/** How eMarketeer names the CRM that a write comes from (docs/wire-emarketeer.md, vocabulary). */
export type CrmSource = 'crmDynamics' | 'crmSuperOffice'
