import type { ControlTargets, ControlCall, ControlRoute } from './control-route.js'
import { json, type SimRequest, type SimResponse } from '../../common/http-server.js'
import { boardControls } from './board-controls.js'
import { listControls } from './list-controls.js'
import { personControls } from './person-controls.js'
import { switchControls } from './switch-controls.js'

export const CONTROL_PATH = '/__control'

const ROUTES: readonly ControlRoute[] = [
  boardControls,
  personControls,
  listControls,
  switchControls,
]

/** Answers the control API: no sign-in, no limits, no faults, not counted. Refusals are 400 `{error}`. */
export async function answerControl(
  targets: ControlTargets,
  request: SimRequest,
): Promise<SimResponse> {
  const text = request.body.length === 0 ? '{}' : request.body.toString('utf8')
  const call: ControlCall = {
    ...targets,
    method: request.method,
    segments: request.path.slice(CONTROL_PATH.length).split('/').slice(1).map(decodeURIComponent),
    query: new URLSearchParams(request.rawQuery),
    body: (schema) => schema.parse(JSON.parse(text)),
  }
  try {
    for (const route of ROUTES) {
      const result = await route(call)
      if (result !== undefined) {
        return isResponse(result) ? result : json(200, result)
      }
    }
    return json(404, { error: 'no such switch' })
  } catch (error) {
    return json(400, { error: error instanceof Error ? error.message : 'failed' })
  }
}

function isResponse(result: unknown): result is SimResponse {
  return typeof result === 'object' && result !== null && 'status' in result && 'headers' in result
}
