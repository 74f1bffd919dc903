import type { Organisation } from '../organisation.js'
import type { RowEvent } from '../store/store.js'
import type { ActiveStep } from './match-steps.js'
import { readSettings } from './step-rules.js'

export type PostOutcome = { readonly ok: true } | { readonly ok: false; readonly message: string }

const RETRIED = [502, 503, 504]

/** Posts one delivery. 502, 503 and 504 get one more attempt; every other result is final. */
export async function postWebhook(
  org: Organisation,
  active: ActiveStep,
  event: RowEvent,
  text: string,
  oversize: boolean,
  stop: AbortSignal,
): Promise<PostOutcome> {
  const { url, headers } = address(org, active, event, oversize)
  let outcome: PostOutcome = { ok: false, message: '' }
  for (let attempt = 1; attempt <= 2; attempt++) {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(org.options.webhookTimeoutMs)])
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers,
        body: text,
        signal,
        redirect: 'manual',
      })
      await response.arrayBuffer()
      if (response.ok) {
        return { ok: true }
      }
      outcome = {
        ok: false,
        message: `The webhook call failed because the http request to endpoint returned status ${response.status}.`,
      }
      if (!RETRIED.includes(response.status)) {
        return outcome
      }
    } catch {
      stop.throwIfAborted()
      return {
        ok: false,
        message: 'The webhook call failed because of a connection failure or a timeout.',
      }
    }
  }
  return outcome
}

function address(
  org: Organisation,
  active: ActiveStep,
  event: RowEvent,
  oversize: boolean,
): { readonly url: URL; readonly headers: Record<string, string> } {
  const { values } = active.endpoint
  const url = new URL(String(values['url']))
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    'x-ms-dynamics-organization': `${org.options.organizationName}.crm4.dynamics.com`,
    'x-ms-dynamics-entity-name': event.table.logicalName,
    'x-ms-dynamics-request-name': event.message,
    'x-ms-correlation-request-id': event.operationId,
    ...(oversize ? { 'x-ms-dynamics-msg-size-exceeded': 'true' } : {}),
  }
  switch (values['authtype']) {
    case 4:
      url.searchParams.set('code', String(values['authvalue']))
      break
    case 5:
      readSettings(values['authvalue']).forEach(([name, value]) => {
        headers[name] = value
      })
      break
    case 6:
      readSettings(values['authvalue']).forEach(([name, value]) => {
        url.searchParams.set(name, value)
      })
      break
    default:
      break
  }
  return { url, headers }
}
