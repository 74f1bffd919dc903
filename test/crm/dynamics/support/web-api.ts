import { DEFAULT_OPTIONS } from '../../../../simulators/dynamics/options.js'
import type { StandIn } from './stand-in.js'

/** Calls the stand-in's Web API as a user other than the product. @throws Error for a refusal. */
export async function webApi(
  stand: StandIn,
  method: string,
  path: string,
  body?: Readonly<Record<string, unknown>>,
): Promise<void> {
  const answer = await fetch(`${stand.url}/api/data/v9.2/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await token(stand)}`,
      accept: 'application/json',
      'content-type': 'application/json',
      'odata-version': '4.0',
      'odata-maxversion': '4.0',
      consistency: 'Strong',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (!answer.ok) {
    throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  }
}

async function token({ url }: StandIn): Promise<string> {
  const [app] = DEFAULT_OPTIONS.apps
  const answer = await fetch(`${url}/${DEFAULT_OPTIONS.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: app?.clientId ?? '',
      client_secret: app?.secret ?? '',
      grant_type: 'client_credentials',
      scope: `${url}/.default`,
    }),
  })
  const { access_token } = (await answer.json()) as { access_token: string }
  return access_token
}
