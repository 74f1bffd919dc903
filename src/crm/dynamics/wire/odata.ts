/** Text of OData requests: literals, `In()`, and query strings (docs/wire-dataverse.md, 6). */

/** A string literal, quotes doubled. Not yet percent-encoded. */
export function stringLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/**
 * `In()`: one condition however many values. The property is the logical name, for lookups too (`em_contact`,
 * not `_em_contact_value`); the values are a JSON array of double-quoted strings, GUIDs included.
 */
export function inFilter(propertyName: string, values: readonly string[]): string {
  const name = stringLiteral(propertyName)
  return `Microsoft.Dynamics.CRM.In(PropertyName=${name},PropertyValues=${JSON.stringify(values)})`
}

/** Percent-encodes one value of a query; `'` too, which encodeURIComponent leaves. */
export function encodeQueryValue(value: string): string {
  return encodeURIComponent(value).replaceAll("'", '%27')
}

/** The query options used here. */
export interface ODataQuery {
  readonly select?: readonly string[]
  readonly filter?: string
  readonly orderby?: string
  readonly expand?: string
  readonly top?: number
}

/** `?$select=…&$filter=…`, encoded; empty where nothing is asked. Column names need no encoding. */
export function queryString(query: ODataQuery): string {
  const parts = [
    query.select === undefined ? null : `$select=${query.select.join(',')}`,
    query.filter === undefined ? null : `$filter=${encodeQueryValue(query.filter)}`,
    query.orderby === undefined ? null : `$orderby=${encodeQueryValue(query.orderby)}`,
    query.expand === undefined ? null : `$expand=${encodeQueryValue(query.expand)}`,
    query.top === undefined ? null : `$top=${query.top}`,
  ].filter((part) => part !== null)
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

/**
 * A row by an alternate key: `em_subscriptionses(em_rowkey='…')`. The value must be one of `row-key.ts`, whose
 * characters need no encoding.
 */
export function byKey(setName: string, keyColumn: string, value: string): string {
  return `${setName}(${keyColumn}=${stringLiteral(value)})`
}

/** Whether a text is a GUID; only these are put into URLs as they are. */
export function isGuid(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
  )
}
