import { json, type SimRequest, type SimResponse } from '../../common/http-server.js'
import { ServiceError } from '../errors.js'
import type { JsonObject } from '../store/schema.js'
import { boardControls } from './board-controls.js'
import type { ControlRoute, ControlTargets } from './control-call.js'
import { rowControls } from './row-controls.js'
import { seedContacts } from './seed-contacts.js'
import { subscriptionControls } from './subscription-controls.js'
import { switchControls } from './switches.js'
import { webhookControls } from './webhook-controls.js'

export const CONTROL_PATH = '/__control'

const ROUTES: readonly ControlRoute[] = [
  boardControls,
  rowControls,
  seedContacts,
  subscriptionControls,
  switchControls,
  webhookControls,
]

/** Answers the control API: no sign-in, no limits, no faults. Refusals are `{error: {code, message}}`. */
export async function answerControl(
  targets: ControlTargets,
  request: SimRequest,
): Promise<SimResponse> {
  try {
    const call = {
      targets,
      method: request.method,
      segments: request.path
        .slice(CONTROL_PATH.length)
        .split('/')
        .filter((segment) => segment !== '')
        .map(decodeURIComponent),
      query: new URLSearchParams(request.rawQuery),
      body:
        request.body.length === 0 ? {} : (JSON.parse(request.body.toString('utf8')) as JsonObject),
    }
    for (const route of ROUTES) {
      const answer = await route(call)
      if (answer !== undefined) {
        return answer
      }
    }
    return json(404, { error: { code: 'noControl', message: `No control at ${request.path}` } })
  } catch (error) {
    const status = error instanceof ServiceError ? error.status : 400
    const code = error instanceof ServiceError ? error.code : 'badControl'
    return json(status, { error: { code, message: String(error) } })
  }
}
