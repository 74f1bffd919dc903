import { stableGuid, type Organisation } from '../organisation.js'
import type { Table } from '../store/schema.js'
import { seedRow } from '../store/seed-row.js'

const VIEWS: readonly (readonly [string, number])[] = [
  ['Active', 0],
  ['Inactive', 0],
  ['Advanced Find', 1],
  ['Associated', 2],
  ['Lookup', 64],
  ['Quick Find', 4],
]

/** The form and the six views that a new table comes with (wire page, section 16.2). */
export function seedTableForms(org: Organisation, table: Table): void {
  const add = (kind: 'systemform' | 'savedquery', name: string, values: object): void => {
    const id = stableGuid(`${kind} ${name} ${table.metadataId}`)
    seedRow(org, kind, id, { name, isdefault: true, ...values })
    org.stockComponents.add(id)
  }
  add('systemform', 'Information', {
    objecttypecode: table.logicalName,
    type: 2,
    formactivationstate: 1,
    formxml: `<form><tabs><tab name="general" id="{${stableGuid(`tab ${table.metadataId}`)}}"><labels/><columns/></tab></tabs></form>`,
  })
  for (const [name, querytype] of VIEWS) {
    add('savedquery', `${name} ${table.schemaName}`, {
      returnedtypecode: table.logicalName,
      querytype,
      fetchxml: `<fetch version="1.0" mapping="logical"><entity name="${table.logicalName}"><attribute name="${table.primaryId}"/><attribute name="${table.primaryName}"/></entity></fetch>`,
      layoutxml: `<grid name="resultset" object="${table.objectTypeCode}" jump="${table.primaryName}" select="1" icon="1" preview="1"><row name="result" id="${table.primaryId}"><cell name="${table.primaryName}" width="300"/></row></grid>`,
    })
  }
}
