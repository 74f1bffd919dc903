import type { CallContext } from '../../http/index.js'
import type { OnsiteConfig } from './config.js'
import type { Door, Entry } from './door.js'
import { apiHttp } from './http-clients.js'

/**
 * Lets calls into an installation on site: user and password with each (docs/wire-superoffice.md, 2.3). A refusal is
 * final, as there is nothing to renew.
 */
export function onsiteDoor(config: OnsiteConfig): Door {
  const { username, password = '' } = config
  const credentials = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
  const entry: Entry = {
    http: apiHttp(config.baseUrl, config.ca?.replace(/\\n/g, '\n')),
    headers: { authorization: `Basic ${credentials}` },
  }
  return {
    contextIdentifier: null,
    through: <T>(_context: CallContext, send: (entry: Entry) => Promise<T>) => send(entry),
    // Nothing is remembered here.
    lookAfresh: () => undefined,
  }
}
