import { json, type SimResponse } from '../../common/http-server.js'
import { badRequest, notFound } from '../errors.js'
import { wireDate } from '../model/dates.js'
import type { ListRow } from '../model/rows.js'
import { addListItem, localName } from '../model/standard-lists.js'
import type { ListName } from '../model/store.js'
import { type ApiCall, fieldsOf, jsonBody } from '../server/api-call.js'
import { agent, type Route } from './route.js'

const LISTS: Readonly<Record<string, ListName>> = {
  ConsentPurpose: 'consentpurpose',
  LegalBase: 'legalbase',
  ConsentSource: 'consentsource',
}

/** The three lists; only a source can be added (wire page, 4.1 to 4.3). */
export const listRoutes: readonly Route[] = [
  {
    operation: 'listItems',
    method: 'GET',
    pattern: /^List\/(\w+)\/Items$/,
    handle: (call) => {
      const name = call.parts[0] ?? ''
      const list = LISTS[name]
      if (list === undefined) {
        throw notFound(`No list '${name}'`)
      }
      return json(200, items(call, name, list))
    },
  },
  {
    operation: 'addSource',
    method: 'POST',
    pattern: /^List\/ConsentSource\/Items$/,
    handle: (call) => addSource(call, jsonBody(call)),
  },
  ...Object.entries(LISTS).map(([name, list]) =>
    agent(`List/Get${name}s`, `agentList${name}`, (call) => json(200, items(call, name, list))),
  ),
  agent('List/SaveConsentSource', 'agentSaveSource', (call) =>
    addSource(call, fieldsOf(jsonBody(call)['consentsource'])),
  ),
]

function items(call: ApiCall, name: string, list: ListName) {
  const all = call.world.switches.deletedItems === 'shown'
  return [...call.world.store[list].from()]
    .filter((row) => all || row.deleted === 0)
    .map((row) => item(call, name, row))
}

function addSource(call: ApiCall, body: Readonly<Record<string, unknown>>): SimResponse {
  const { name, key, tooltip, rank } = body
  if (Number(body['consentsourceid'] ?? 0) !== 0) {
    throw badRequest('Only a new source can be saved')
  }
  if (typeof name !== 'string' || name === '') {
    throw badRequest('Name is required')
  }
  if (typeof key !== 'string' || !/^[A-Za-z0-9]+$/.test(key)) {
    throw badRequest('Key must consist of letters and digits')
  }
  const { store } = call.world
  if (store.consentsource.by('key', key).length > 0) {
    throw badRequest('A consent source with this key exists')
  }
  const row = addListItem(
    store,
    'consentsource',
    {
      key,
      name,
      tooltip: typeof tooltip === 'string' ? tooltip : '',
      rank: typeof rank === 'number' ? rank : store.consentsource.size + 1,
    },
    call.world.nowSeconds(),
  )
  return json(200, item(call, 'ConsentSource', row))
}

function item(call: ApiCall, list: string, row: ListRow) {
  const common = {
    Name: localName(row.name, call.english),
    Tooltip: row.tooltip,
    Rank: row.rank,
    Key: row.key,
    Deleted: row.deleted === 1,
  }
  switch (list) {
    case 'ConsentPurpose': {
      const texts = { ConsentText: '', FormText: '', PrivacyStatementDesc: '' }
      const Active = call.world.store.inactivePurposes.has(row.key) ? 0 : 1
      return {
        ConsentPurposeId: row['consentPurpose_id'],
        ...common,
        ...texts,
        Active,
        UpdatedDate: wireDate(row.updated, call.zoneSuffix),
      }
    }
    case 'LegalBase':
      return { LegalBaseId: row['legalBase_id'], ...common }
    default:
      return {
        ConsentSourceId: row['consentSource_id'],
        ...common,
        MailTemplateId: call.world.store.mailTemplates.get(row.key) ?? 0,
      }
  }
}
