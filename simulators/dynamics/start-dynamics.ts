import { createClock } from '../common/clock.js'
import { createCounters } from '../common/counters.js'
import { FaultBoard } from '../common/faults.js'
import { json, listen, type SimRequest, type SimResponse } from '../common/http-server.js'
import { AuditLog } from './audit/audit-log.js'
import { auditOperations } from './audit/operations.js'
import { answerControl, CONTROL_PATH } from './control/control-api.js'
import { formRules } from './customization/form-rules.js'
import { customizationOperations } from './customization/operations.js'
import { viewRules } from './customization/view-rules.js'
import { contactRules } from './data/contact-rules.js'
import { signIn } from './entra/token-endpoint.js'
import { TokenBook } from './entra/token-book.js'
import { basicOperations } from './functions/basics.js'
import { definitionOperations } from './functions/definitions.js'
import { privilegeOperations } from './functions/privileges.js'
import { applyDynamicsFault } from './http/hang.js'
import { ServiceProtection } from './http/service-protection.js'
import { answerApi, API_PATH } from './http/web-api.js'
import { withDefaults } from './options.js'
import { Organisation } from './organisation.js'
import { seedOrganisation } from './store/seed-organisation.js'
import { publisherRules, solutionRules } from './store/solution-rules.js'
import { WebhookDispatcher } from './webhooks/dispatcher.js'
import { endpointRules, imageRules, stepRules } from './webhooks/step-rules.js'

/** A running stand-in. `url` is the address of both the organisation and the sign-in authority. */
export interface RunningDynamics {
  readonly url: string
  readonly controlUrl: string
  close(): Promise<void>
}

/** Starts a stand-in for Entra and Dataverse on 127.0.0.1; options in docs/simulators.md. */
export async function startDynamics(
  given: Parameters<typeof withDefaults>[0] = {},
): Promise<RunningDynamics> {
  const options = withDefaults(given)
  const org = new Organisation(options, createClock())
  seedOrganisation(org)
  const audit = new AuditLog(org)
  const webhooks = new WebhookDispatcher(org)
  setRules(org, audit)
  org.store.onCommit = (events) => {
    audit.record(events)
    webhooks.enqueue(events)
  }
  const tokens = new TokenBook()
  const counters = createCounters()
  const faults = new FaultBoard(options.seed)
  const protection = new ServiceProtection(options.limits)
  const catalog = new Map(
    Object.entries({
      ...basicOperations,
      ...customizationOperations,
      ...definitionOperations,
      ...privilegeOperations,
      ...auditOperations(audit),
    }),
  )
  const secrets = new Map<string, string>()
  const work = (url: string, request: SimRequest): SimResponse | Promise<SimResponse> => {
    if (request.path.startsWith(API_PATH)) {
      return answerApi({ org, url, tokens, protection, faults, catalog }, request)
    }
    const context = { options, tokens, url, nowMs: org.clock.now(), secrets }
    return signIn(context, request) ?? json(404, { error: { code: '', message: 'Not found' } })
  }
  const server = await listen(options.port, async (request) => {
    const { url } = server
    if (request.path.startsWith(CONTROL_PATH)) {
      const root = `${url}${API_PATH}`
      const targets = { org, tokens, faults, counters, protection, secrets, webhooks, root }
      return answerControl(targets, request)
    }
    const response = await applyDynamicsFault(faults.pick(request), () => work(url, request))
    counters.count(request.method, request.path, response.status)
    return response
  })
  return {
    url: server.url,
    controlUrl: `${server.url}${CONTROL_PATH}`,
    close: () => {
      webhooks.stop()
      return server.close()
    },
  }
}

function setRules(org: Organisation, audit: AuditLog): void {
  org.rules.set('audit', audit.rules)
  org.rules.set('contact', contactRules)
  org.rules.set('publisher', publisherRules)
  org.rules.set('savedquery', viewRules)
  org.rules.set('sdkmessageprocessingstep', stepRules)
  org.rules.set('sdkmessageprocessingstepimage', imageRules)
  org.rules.set('serviceendpoint', endpointRules)
  org.rules.set('solution', solutionRules)
  org.rules.set('systemform', formRules)
}
