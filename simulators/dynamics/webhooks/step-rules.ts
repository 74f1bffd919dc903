import { parseXml } from '../customization/xml.js'
import { ServiceError } from '../errors.js'
import type { Context, TableRules } from '../organisation.js'
import type { Json, Row } from '../store/schema.js'

const WEBHOOK = 8
const HTTP_HEADER = 5
const QUERY_STRING = 6

/** An endpoint: a URL on port 80 or 443, and an authvalue in the form that its authtype requires (section 11.1). */
export const endpointRules: TableRules = {
  beforeCreate: (context, values) => checkEndpoint(context, values),
  beforeUpdate: (context, _row, _sent, values) => checkEndpoint(context, values),
}

function checkEndpoint(context: Context, values: Record<string, Json>): void {
  if (values['contract'] !== WEBHOOK) {
    throw refused('Only webhooks (contract 8) are simulated.')
  }
  let url: URL
  try {
    url = new URL(String(values['url']))
  } catch {
    throw refused('The url of the service endpoint is not valid.')
  }
  const standard = url.port === '' || url.port === '80' || url.port === '443'
  if (!/^https?:$/.test(url.protocol) || (!standard && !context.org.options.allowAnyWebhookPort)) {
    throw refused('Only the ports 80 and 443 are supported for webhooks.')
  }
  const auth = values['authvalue']
  values['isauthvalueset'] = typeof auth === 'string' && auth !== ''
  if (values['authtype'] === HTTP_HEADER || values['authtype'] === QUERY_STRING) {
    readSettings(auth)
  }
}

/** Names and values of `<settings><setting name value/></settings>`. */
export function readSettings(authvalue: Json | undefined): readonly (readonly [string, string])[] {
  try {
    const root = parseXml(String(authvalue))
    const pairs = root.children.map((child): readonly [string, string] => {
      const { name, value } = child.attributes
      if (child.name !== 'setting' || name === undefined || value === undefined) {
        throw new Error('setting')
      }
      return [name, value]
    })
    if (root.name === 'settings' && pairs.length > 0) {
      return pairs
    }
  } catch {
    // Reported below. The value itself is a secret and must not be in the message.
  }
  throw refused('authvalue must be <settings><setting name="..." value="..."/></settings>.')
}

/** A step: matching message and filter, asynchronous only after the operation, existing columns. */
export const stepRules: TableRules = {
  beforeCreate: (context, values) => checkStep(context, values),
  beforeUpdate: (context, _row, _sent, values) => checkStep(context, values),
}

function checkStep(context: Context, values: Readonly<Record<string, Json>>): void {
  const { store } = context.org
  for (const name of ['eventhandler', 'sdkmessageid', 'sdkmessagefilterid', 'stage', 'mode']) {
    if (values[name] === undefined) {
      throw refused(`The step needs ${name}.`)
    }
  }
  if (values['mode'] === 1 && values['stage'] !== 40) {
    throw refused('Asynchronous steps are allowed in stage 40 (PostOperation) only.')
  }
  const filter = store.rows('sdkmessagefilter').get(String(values['sdkmessagefilterid']))
  if (filter?.values['sdkmessageid'] !== values['sdkmessageid']) {
    throw refused('The message filter belongs to another message.')
  }
  checkColumns(context, filter, values['filteringattributes'])
}

/** An image: columns of the step's table, on a property its message has. */
export const imageRules: TableRules = {
  beforeCreate: (context, values) => {
    const { store } = context.org
    const step = store
      .rows('sdkmessageprocessingstep')
      .get(String(values['sdkmessageprocessingstepid']))
    const filter = store.rows('sdkmessagefilter').get(String(step?.values['sdkmessagefilterid']))
    const message = store.rows('sdkmessage').get(String(step?.values['sdkmessageid']))
    const property = message?.values['name'] === 'Create' ? 'id' : 'Target'
    if (values['messagepropertyname'] !== property && values['messagepropertyname'] !== 'Id') {
      throw refused(`The messagepropertyname of this message is ${property}.`)
    }
    if (message?.values['name'] === 'Create' && values['imagetype'] !== 1) {
      throw refused('A Create has a post image only.')
    }
    checkColumns(context, filter, values['attributes'])
  },
}

function checkColumns(context: Context, filter: Row | undefined, list: Json | undefined): void {
  const table = context.org.store.tables.get(String(filter?.values['primaryobjecttypecode']))
  const names = typeof list === 'string' && list !== '' ? list.split(',') : []
  const unknown = names.find((name) => table?.columns.has(name.trim()) !== true)
  if (table === undefined || unknown !== undefined) {
    throw refused(`'${unknown ?? 'table'}' is no attribute of the step's table.`)
  }
}

function refused(message: string): ServiceError {
  return new ServiceError(400, '0x80040203', message)
}
