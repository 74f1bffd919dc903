import { json } from '../../common/http-server.js'
import type { ControlRoute } from './control-call.js'

/** `GET webhooks`: results of deliveries; `POST webhooks/drain`: answers when none is pending. */
export const webhookControls: ControlRoute = (call) => {
  const [head, what] = call.segments
  const { webhooks } = call.targets
  if (head !== 'webhooks') {
    return undefined
  }
  if (what === 'drain') {
    return webhooks.drained().then(() => json(200, webhooks.tally()))
  }
  return json(200, { ...webhooks.tally(), faults: webhooks.faults })
}
