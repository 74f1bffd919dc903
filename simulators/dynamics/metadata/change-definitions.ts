import { ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import type { Column, JsonObject, Relationship, Row, Table } from '../store/schema.js'
import { checkLabel, isObject, mergeLabel } from './check-definition.js'
import { readCascade } from './create-relationship.js'
import { dependentsOfColumn, dependentsOfTable, refuseDependents } from './dependencies.js'
import { forgetComponents } from './solution-header.js'

/** PUT of a table: the new definition replaces the complete old one (wire page, section 9.5; trap 16). */
export function replaceTable(
  context: Context,
  table: Table,
  body: JsonObject,
  mergeLabels: boolean,
): void {
  checkLabel(context, body, 'DisplayName', true)
  const tracking = body['ChangeTrackingEnabled'] === true
  if (table.changeTracking && !tracking) {
    throw new ServiceError(
      400,
      '0x80048531',
      'Change tracking cannot be disabled once it is enabled.',
    )
  }
  table.changeTracking = tracking
  const audit = body['IsAuditEnabled']
  table.auditEnabled = isObject(audit) && audit['Value'] === true
  const old = table.definition
  table.definition = {
    ...Object.fromEntries(Object.keys(old).map((name) => [name, body[name] ?? null])),
    DisplayName: mergeLabel(old['DisplayName'], body['DisplayName'], mergeLabels),
    DisplayCollectionName: mergeLabel(
      old['DisplayCollectionName'],
      body['DisplayCollectionName'],
      mergeLabels,
    ),
    Description: mergeLabel(old['Description'], body['Description'], mergeLabels),
  }
}

/** PUT of a column: labels, required level and auditing change; its type and name stay. */
export function replaceColumn(
  context: Context,
  column: Column,
  body: JsonObject,
  mergeLabels: boolean,
): void {
  checkLabel(context, body, 'DisplayName', true)
  const audit = body['IsAuditEnabled']
  column.auditEnabled = isObject(audit) ? audit['Value'] === true : column.auditEnabled
  const old = column.definition
  column.definition = {
    ...old,
    RequiredLevel: body['RequiredLevel'] ?? null,
    DisplayName: mergeLabel(old['DisplayName'], body['DisplayName'], mergeLabels),
    Description: mergeLabel(old['Description'], body['Description'], mergeLabels),
  }
}

/** PUT of a relationship: its cascade settings. */
export function replaceRelationship(
  context: Context,
  relationship: Relationship,
  body: JsonObject,
): void {
  const referenced = context.org.store.table(relationship.referenced)
  const referencing = context.org.store.table(relationship.referencing)
  Object.assign(relationship, readCascade(context, referenced, referencing, body))
  relationship.definition = { ...relationship.definition, ...body }
}

/** DELETE of a table with its rows, columns, keys, relationships, forms and views. */
export function deleteTable(context: Context, table: Table): void {
  requireCustom(table.custom)
  refuseDependents('Entity', table.metadataId, dependentsOfTable(context.org, table))
  const { store } = context.org
  const drop = (kind: string, column: string): void => {
    const owner = store.table(kind)
    const rows = [...store.rows(owner).all()].filter(
      (row: Row) => row.values[column] === table.logicalName,
    )
    rows.forEach((row) => store.delete(owner, row))
    forgetComponents(
      context.org,
      rows.map((row) => row.id),
    )
  }
  drop('systemform', 'objecttypecode')
  drop('savedquery', 'returnedtypecode')
  drop('sdkmessagefilter', 'primaryobjecttypecode')
  const lookups = [...store.relationships.values()].filter(
    (one) => one.referencing === table.logicalName,
  )
  const parts = [table, ...table.columns.values(), ...table.keys.values(), ...lookups]
  forgetComponents(
    context.org,
    parts.map((part) => part.metadataId),
  )
  store.removeTable(table)
}

/** DELETE of a column, and of its values. */
export function deleteColumn(context: Context, table: Table, column: Column): void {
  requireCustom(
    column.custom && column.type !== 'Lookup' && column.logicalName !== table.primaryName,
  )
  refuseDependents('Attribute', column.metadataId, dependentsOfColumn(context.org, table, column))
  dropColumn(context, table, column)
}

/** DELETE of a relationship, which also deletes the lookup column. */
export function deleteRelationship(context: Context, relationship: Relationship): void {
  requireCustom(relationship.definition['SchemaName'] !== undefined)
  const table = context.org.store.table(relationship.referencing)
  const column = table.columns.get(relationship.referencingColumn)
  if (column !== undefined) {
    refuseDependents(
      'Relationship',
      relationship.metadataId,
      dependentsOfColumn(context.org, table, column),
    )
    dropColumn(context, table, column)
  }
  forgetComponents(context.org, [relationship.metadataId])
  context.org.store.relationships.delete(relationship.schemaName)
}

/** Removes a column and its stored values without a check of dependencies. */
export function dropColumn(context: Context, table: Table, column: Column): void {
  for (const row of context.org.store.rows(table).all()) {
    if (column.logicalName in row.values) {
      const rest = { ...row.values }
      delete rest[column.logicalName]
      row.values = rest
    }
  }
  forgetComponents(context.org, [column.metadataId])
  table.columns.delete(column.logicalName)
}

function requireCustom(allowed: boolean): void {
  if (!allowed) {
    throw new ServiceError(400, '0x8004f01e', 'This component cannot be deleted.')
  }
}
