import { json } from '../../common/http-server.js'
import { updateRow } from '../data/write-row.js'
import { ServiceError } from '../errors.js'
import { actingAs, type ControlRoute } from './control-call.js'
import { plainRow } from './row-controls.js'

/**
 * `POST subscriptions/flip {as, contactId, categoryId, subscribed}`: a sales rep switches a toggle on the Details tab.
 * `categoryId` is the marketing tool's id of the category. Sets every row of the pair.
 */
export const subscriptionControls: ControlRoute = (call) => {
  if (call.segments[0] !== 'subscriptions' || call.segments[1] !== 'flip') {
    return undefined
  }
  const { store } = call.targets.org
  const table = store.tables.get('em_subscriptions')
  const categories = store.tables.get('em_subscriptioncategories')
  if (table === undefined || categories === undefined) {
    throw new ServiceError(404, 'noTable', 'The subscription tables are not there yet.')
  }
  const { contactId, categoryId, subscribed } = call.body
  const rows = store.rows(table).addIndex(['em_contact']).find([contactId])
  const chosen = rows.filter((row) => {
    const category = store.rows(categories).get(String(row.values['em_category']))
    return category?.values['em_categoryid'] === categoryId
  })
  if (chosen.length === 0) {
    throw new ServiceError(
      404,
      'noRow',
      'There is no subscription row for this contact and category.',
    )
  }
  chosen.forEach((row) => {
    updateRow(actingAs(call), table, row, { em_subscribed: subscribed === true })
  })
  return json(200, { rows: chosen.map((row) => plainRow(table, row)) })
}
