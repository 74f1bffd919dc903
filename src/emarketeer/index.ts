/** eMarketeer: the sync feed's client, webhook verification, and the part of the public API that creates contacts. */
export { createEmarketeerClient, type EmarketeerConfig } from './create-client.js'
export type { EmarketeerClient, PageQuery, StatesQuery } from './client.js'
export { readManyStates } from './read-states.js'
export { walkPage } from './read-states.js'
export { emarketeerSpelling } from './read-states.js'
export * from './account.js'
export type * from './changes.js'
export type * from './states.js'
export * from './writes.js'
export * from './vocabulary.js'
export {
  verifyWebhook,
  WEBHOOK_HEADERS,
  type WebhookDelivery,
  type WebhookRefusal,
  type WebhookVerdict,
} from './webhook-verification.js'
export {
  createPublicContacts,
  MAX_UPSERTS,
  type ContactUpsert,
  type PublicContacts,
  type PublicContactsConfig,
} from './public-contacts.js'
