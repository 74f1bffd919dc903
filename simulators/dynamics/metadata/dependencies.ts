import { formLayers, formReferences } from '../customization/references.js'
import { formsUsingView } from '../customization/view-rules.js'
import { ServiceError } from '../errors.js'
import type { Context, Organisation } from '../organisation.js'
import type { Column, Table } from '../store/schema.js'
import { COMPONENT } from './solution-header.js'

export interface Dependent {
  readonly type: number
  readonly id: string
}

/**
 * The components that block the deletion of a table: other tables' lookups and forms, and steps (wire page, section
 * 16.14).
 */
export function dependentsOfTable(org: Organisation, table: Table): readonly Dependent[] {
  const { store } = org
  const lookups = [...store.relationships.values()]
    .filter((r) => r.referenced === table.logicalName && r.referencing !== table.logicalName)
    .map((r) => ({ type: COMPONENT.relationship, id: r.metadataId }))
  const views = [...store.rows('savedquery').all()]
    .filter((row) => row.values['returnedtypecode'] === table.logicalName)
    .map((row) => row.id)
  const forms = [...store.rows('systemform').all()]
    .filter((form) => form.values['objecttypecode'] !== table.logicalName)
    .filter((form) =>
      formLayers(form).some((xml) => {
        const references = formReferences(xml)
        return (
          references.tables.includes(table.logicalName) ||
          references.viewIds.some((id) => views.includes(id))
        )
      }),
    )
    .map((form) => ({ type: COMPONENT.form, id: form.id }))
  const filters = [...store.rows('sdkmessagefilter').all()]
    .filter((row) => row.values['primaryobjecttypecode'] === table.logicalName)
    .map((row) => row.id)
  const steps = [...store.rows('sdkmessageprocessingstep').all()]
    .filter((step) => filters.includes(String(step.values['sdkmessagefilterid'])))
    .map((step) => ({ type: COMPONENT.step, id: step.id }))
  return [...lookups, ...forms, ...steps]
}

/** The components that block the deletion of a column: forms and views that show it, keys that contain it. */
export function dependentsOfColumn(
  org: Organisation,
  table: Table,
  column: Column,
): readonly Dependent[] {
  const forms = [...org.store.rows('systemform').all()]
    .filter((form) => form.values['objecttypecode'] === table.logicalName)
    .filter((form) =>
      formLayers(form).some((xml) => formReferences(xml).columns.includes(column.logicalName)),
    )
    .map((form) => ({ type: COMPONENT.form, id: form.id }))
  const views = [...org.store.rows('savedquery').all()]
    .filter(
      (view) =>
        view.values['returnedtypecode'] === table.logicalName &&
        String(view.values['fetchxml']).includes(`"${column.logicalName}"`),
    )
    .map((view) => ({ type: COMPONENT.view, id: view.id }))
  const keys = [...table.keys.values()]
    .filter((key) => key.columns.includes(column.logicalName))
    .map((key) => ({ type: COMPONENT.key, id: key.metadataId }))
  return [...forms, ...views, ...keys]
}

/** 400 0x8004f01f if any component depends on it. */
export function refuseDependents(kind: string, id: string, dependents: readonly Dependent[]): void {
  if (dependents.length > 0) {
    throw new ServiceError(
      400,
      '0x8004f01f',
      `The ${kind}(${id}) component cannot be deleted because it is referenced by ${dependents.length} other components. For a list of referenced components, use the RetrieveDependenciesForDeleteRequest.`,
    )
  }
}

/** The answer of `RetrieveDependenciesForDelete` for tables, columns and views. */
export function dependenciesForDelete(
  context: Context,
  componentType: number,
  id: string,
): readonly Dependent[] {
  const { org } = context
  for (const table of org.store.tables.values()) {
    if (componentType === COMPONENT.entity && table.metadataId === id) {
      return dependentsOfTable(org, table)
    }
    const column = [...table.columns.values()].find((one) => one.metadataId === id)
    if (componentType === COMPONENT.attribute && column !== undefined) {
      return dependentsOfColumn(org, table, column)
    }
  }
  return componentType === COMPONENT.view
    ? formsUsingView(org, id).map((form) => ({ type: COMPONENT.form, id: form.id }))
    : []
}
