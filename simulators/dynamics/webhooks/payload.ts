import type { Organisation } from '../organisation.js'
import type { Column, Json, JsonObject, Row, Table } from '../store/schema.js'
import type { RowEvent } from '../store/store.js'

const SCHEMA = 'http://schemas.microsoft.com/xrm/2011/Contracts'

/** The execution context that Dataverse posts for one step (wire page, section 11.2). */
export function executionContext(
  org: Organisation,
  step: Row,
  images: readonly Row[],
  event: RowEvent,
): JsonObject {
  const { table, row } = event
  const common: JsonObject = {
    BusinessUnitId: org.businessUnitId,
    CorrelationId: event.operationId,
    Depth: 1,
    InitiatingUserId: event.userId,
    InputParameters: inputParameters(event),
    IsExecutingOffline: false,
    IsInTransaction: false,
    IsOfflinePlayback: false,
    IsolationMode: 1,
    MessageName: event.message,
    Mode: 1,
    OperationCreatedOn: dateText(event.atMs, '+0000'),
    OperationId: crypto.randomUUID(),
    OrganizationId: org.organizationId,
    OrganizationName: org.options.organizationName,
    OutputParameters: event.message === 'Create' ? [{ key: 'id', value: row.id }] : [],
    OwningExtension: plainReference('sdkmessageprocessingstep', step.id),
    ParentContext: null,
    PostEntityImages: imagesOf(table, row, images, [1, 2], event.after),
    PreEntityImages: imagesOf(table, row, images, [0, 2], event.before),
    PrimaryEntityId: row.id,
    PrimaryEntityName: table.logicalName,
    RequestId: null,
    SecondaryEntityName: 'none',
    SharedVariables: [],
    Stage: 40,
    UserId: event.userId,
  }
  const parent = { ...common, Stage: 30, PostEntityImages: [], PreEntityImages: [] }
  return { ...common, ParentContext: parent }
}

/** The body as text, with the slashes escaped as .NET writes `__type` and dates. */
export function payloadText(body: JsonObject): string {
  return JSON.stringify(body)
    .replaceAll(
      'http://schemas.microsoft.com/xrm/2011/Contracts',
      'http:\\/\\/schemas.microsoft.com\\/xrm\\/2011\\/Contracts',
    )
    .replace(/"\/Date\((-?\d+)([+-]\d{4})?\)\/"/g, '"\\/Date($1$2)\\/"')
}

/** The remaining body if the payload is too large. */
export function withoutParameters(body: JsonObject): JsonObject {
  const small = { ...body }
  for (const name of ['InputParameters', 'PostEntityImages', 'PreEntityImages', 'ParentContext']) {
    delete small[name]
  }
  return small
}

function inputParameters(event: RowEvent): Json {
  const { table, row } = event
  if (event.message === 'Delete') {
    const reference = {
      __type: `EntityReference:${SCHEMA}`,
      ...plainReference(table.logicalName, row.id),
    }
    return [{ key: 'Target', value: reference }]
  }
  const shown: Record<string, Json> =
    event.message === 'Create'
      ? { ...event.after, [table.primaryId]: row.id }
      : {
          ...event.sent,
          [table.primaryId]: row.id,
          modifiedon: event.after['modifiedon'] ?? null,
          modifiedby: event.after['modifiedby'] ?? null,
        }
  const entity = { __type: `Entity:${SCHEMA}`, ...entityBody(table, row, shown) }
  const list = (entity as JsonObject)['Attributes'] as Json[]
  list.push({ key: 'modifiedonbehalfby', value: null })
  return [{ key: 'Target', value: entity }]
}

function imagesOf(
  table: Table,
  row: Row,
  images: readonly Row[],
  types: readonly number[],
  values: Readonly<Record<string, Json>>,
): Json {
  return images
    .filter((image) => types.includes(Number(image.values['imagetype'])))
    .map((image) => {
      const wanted = String(image.values['attributes'] ?? '')
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '')
      const names = wanted.length === 0 ? Object.keys(values) : wanted
      const shown: Record<string, Json> = { [table.primaryId]: row.id }
      for (const name of names) {
        const value = values[name]
        if (value !== undefined) {
          shown[name] = value
        }
      }
      return { key: image.values['entityalias'] ?? 'image', value: entityBody(table, row, shown) }
    })
}

function entityBody(table: Table, row: Row, values: Readonly<Record<string, Json>>): JsonObject {
  return {
    Attributes: Object.entries(values).map(([key, value]) => ({
      key,
      value: attributeValue(table.columns.get(key), value),
    })),
    EntityState: null,
    FormattedValues: [],
    Id: row.id,
    KeyAttributes: [],
    LogicalName: table.logicalName,
    RelatedEntities: [],
    RowVersion: null,
  }
}

function attributeValue(column: Column | undefined, value: Json): Json {
  if (value === null || column === undefined) {
    return value
  }
  switch (column.type) {
    case 'Picklist':
    case 'State':
    case 'Status':
      return { __type: `OptionSetValue:${SCHEMA}`, Value: value }
    case 'Lookup':
      return {
        __type: `EntityReference:${SCHEMA}`,
        ...plainReference(column.target ?? 'systemuser', String(value)),
      }
    case 'DateTime':
      return dateText(Number(value))
    default:
      return value
  }
}

function plainReference(logicalName: string, id: string): JsonObject {
  return { Id: id, KeyAttributes: [], LogicalName: logicalName, Name: null, RowVersion: null }
}

function dateText(ms: number, zone = ''): string {
  return `/Date(${ms}${zone})/`
}
