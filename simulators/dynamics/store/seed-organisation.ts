import { stableGuid, type Organisation } from '../organisation.js'
import { seedContactForms, seedContactViews } from '../customization/stock-forms.js'
import { buildTable } from './build-table.js'
import type { Table } from './schema.js'
import { seedRow } from './seed-row.js'
import { STOCK_TABLES } from './stock-tables.js'
import { systemRelationships } from './system-relationships.js'
import { SYSTEM_TABLES } from './system-tables.js'

/** Messages a table can raise steps for. */
const TABLE_MESSAGES = [
  'Create',
  'Update',
  'Delete',
  'CreateMultiple',
  'UpdateMultiple',
  'UpsertMultiple',
]

/** Fills an empty organisation with the out-of-the-box data: no `em_` tables. */
export function seedOrganisation(org: Organisation): void {
  const { store, options } = org
  for (const spec of [...SYSTEM_TABLES, ...STOCK_TABLES]) {
    store.addTable(buildTable(spec, options.languageCode))
  }
  for (const relationship of systemRelationships()) {
    store.relationships.set(relationship.schemaName, relationship)
  }
  store.table('contact').changeTracking = options.contactChangeTracking
  store.table('contact').changeTrackingLive = options.contactChangeTracking
  store.rows('contact').addIndex(['emailaddress1'])
  store.rows('contact').addIndex(['emailaddress2'])
  store.rows('contact').addIndex(['emailaddress3'])
  seedUsers(org)
  seedRow(org, 'organization', org.organizationId, {
    name: options.organizationName,
    languagecode: options.languageCode,
    isauditenabled: options.auditEnabled,
    expirechangetrackingindays: options.expireChangeTrackingInDays,
    auditretentionperiodv2: 30,
  })
  seedRow(org, 'publisher', stableGuid('publisher default'), {
    uniquename: 'DefaultPublisher',
    friendlyname: 'Default Publisher',
    customizationprefix: 'new',
    customizationoptionvalueprefix: 10_000,
  })
  for (const name of TABLE_MESSAGES) {
    seedRow(org, 'sdkmessage', stableGuid(`message ${name}`), { name })
  }
  for (const spec of STOCK_TABLES) {
    addMessageFilters(org, store.table(spec.name))
  }
  options.customControls.forEach((name) => {
    seedRow(org, 'customcontrol', stableGuid(`control ${name}`), { name, version: '1.0.0' })
  })
  seedContactForms(org)
  seedContactViews(org)
}

/** Registers the table for steps and bulk messages. */
export function addMessageFilters(org: Organisation, table: Table): void {
  for (const name of TABLE_MESSAGES) {
    const lacking =
      table.logicalName === 'contact' && org.options.contactWithoutMessages.includes(name)
    if (!lacking) {
      seedRow(org, 'sdkmessagefilter', stableGuid(`filter ${name} ${table.metadataId}`), {
        primaryobjecttypecode: table.logicalName,
        sdkmessageid: stableGuid(`message ${name}`),
      })
    }
  }
}

/** The systemuser with this name, created if missing. */
export function personByName(org: Organisation, fullname: string): string {
  const id = stableGuid(`person ${fullname}`)
  if (org.store.rows('systemuser').get(id) === undefined) {
    seedRow(org, 'systemuser', id, { fullname, domainname: `${fullname}@contoso.example` })
  }
  return id
}

function seedUsers(org: Organisation): void {
  personByName(org, 'SYSTEM')
  for (const app of org.options.apps) {
    const state = app.applicationUser ?? 'enabled'
    if (state !== 'none') {
      const id = stableGuid(`application ${app.clientId}`)
      org.applicationUsers.set(app.clientId, id)
      seedRow(org, 'systemuser', id, {
        fullname: '# eMarketeer',
        applicationid: app.clientId,
        isdisabled: state === 'disabled',
      })
    }
  }
}
