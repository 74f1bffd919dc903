import { expect, it } from '@jest/globals'
import { ANSWERS } from '../../../src/http/index.js'
import '../../answers/every-schema.js'
import { fits as dynamics } from './dynamics.js'
import { fits as superOffice } from './superoffice.js'

/*
 * Each answer of a CRM is compared with the published type, or stands here with the reason why there is none. A new
 * answer fails until it is in one of both.
 */

const ROWS = 'a row has the caller’s type'
const DEFINITIONS = 'a definition has the caller’s type, or any'
const FUNCTIONS = 'a function’s answer has the caller’s type, or any'
const PAGES = 'a page as dynamics.rowPage, of its field `value` alone'
const POSTED = 'the client receives no events'
const SIGN_IN = 'the client takes a token that was got elsewhere'

const WITHOUT_TYPE: Readonly<Record<string, string>> = {
  'dynamics.audit': PAGES,
  'dynamics.auditDetail': FUNCTIONS,
  'dynamics.auditable': DEFINITIONS,
  'dynamics.auditedOrganization': ROWS,
  'dynamics.category': ROWS,
  'dynamics.column': DEFINITIONS,
  'dynamics.columnLength': DEFINITIONS,
  'dynamics.columnRight': ROWS,
  'dynamics.columnRights': FUNCTIONS,
  'dynamics.columns': PAGES,
  'dynamics.contact': ROWS,
  'dynamics.contactTable': DEFINITIONS,
  'dynamics.definition': DEFINITIONS,
  'dynamics.deltaPage': 'a page as dynamics.rowPage, that may lack every field',
  'dynamics.dependent': FUNCTIONS,
  'dynamics.endpoint': ROWS,
  'dynamics.event': POSTED,
  'dynamics.eventEntry': POSTED,
  'dynamics.form': ROWS,
  'dynamics.formLayer': ROWS,
  'dynamics.journeysTable': DEFINITIONS,
  'dynamics.key': DEFINITIONS,
  'dynamics.keys': PAGES,
  'dynamics.languages': FUNCTIONS,
  'dynamics.messageFilter': ROWS,
  'dynamics.named': DEFINITIONS,
  'dynamics.organization': ROWS,
  'dynamics.presentColumn': DEFINITIONS,
  'dynamics.privilege': FUNCTIONS,
  'dynamics.privileges': FUNCTIONS,
  'dynamics.relationship': DEFINITIONS,
  'dynamics.row': ROWS,
  'dynamics.securedColumn': DEFINITIONS,
  'dynamics.step': ROWS,
  'dynamics.stepImage': ROWS,
  'dynamics.subscription': ROWS,
  'dynamics.table': DEFINITIONS,
  'dynamics.token': SIGN_IN,
  'dynamics.tracking': DEFINITIONS,
  'dynamics.view': ROWS,
  'dynamics.whoAmI': FUNCTIONS,
  'superoffice.archivePage': 'no call for archives by OData',
  'superoffice.event': POSTED,
  'superoffice.keySet': SIGN_IN,
  'superoffice.listItems': 'a list without names; its entries are compared',
  'superoffice.root': 'no call for the root of the API',
  'superoffice.signingKey': SIGN_IN,
  'superoffice.tenant': 'no call for the status of a tenant',
  'superoffice.token': SIGN_IN,
  'superoffice.tokenPart': SIGN_IN,
  'superoffice.webhooks': 'a list without names; its entries are compared',
}

it('compares each answer of a CRM with the published type, or says why there is none', () => {
  const compared = [...Object.keys(dynamics), ...Object.keys(superOffice)]
  const known = [...compared, ...Object.keys(WITHOUT_TYPE)]
  const ofCrms = [...ANSWERS.keys()].filter((name) => !name.startsWith('emarketeer.'))
  expect(known.sort()).toEqual(ofCrms.sort())
})
