/** The campaign service's client (docs/gateway.md). */
export {
  createCampaignClient,
  type CampaignClient,
  type CampaignClientOptions,
} from './campaign-client.js'
export { GatewayError } from './gateway-error.js'
export type { PreSendHandle } from './pre-send-handle.js'
