/** The campaign service's client (docs/gateway.md): `legal-basis-sync/client`. */
export { connectTemporal, type TemporalClient } from '../config/temporal/temporal.js'
export { AppError } from '../contracts/app-error.js'
export type {
  MailingListEntry,
  PreSendRequest,
  PreSendResult,
  SendoutStage,
} from '../contracts/pre-send.js'
export {
  createCampaignClient,
  type CampaignClient,
  type CampaignClientOptions,
} from './campaign-client.js'
export { GatewayError } from './gateway-calls.js'
export type { PreSendHandle } from './pre-send-handle.js'
