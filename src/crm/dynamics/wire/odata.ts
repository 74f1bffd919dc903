/** Text of OData requests: literals, lists and query strings (docs/wire-dataverse.md, 6). */

/** A string literal, quotes doubled. Not yet percent-encoded. */
export function stringLiteral(value: string): string {
  return `'${value.replaceAll("'", "''")}'`
}

/**
 * Whether a value may be in the list of an `In()`. The service finds the list's end by counting brackets and skipping
 * text in single quotes, and ignores double quotes (docs/wire-dataverse.md, 6.3): one `o'brien@…` fails the query of
 * everybody else. Values that JSON must escape stay outside as well.
 */
export function fitsInList(value: string): boolean {
  return /^[^'"[\]\\\p{Cc}\u2028\u2029]*$/u.test(value)
}

/**
 * Rows whose property is one of the values: one `In()`, a single condition, and a quoted condition for each value that
 * does not fit the list. The property is the logical name, also of lookups (`em_contact`, not `_em_contact_value`); a
 * lookup's values are GUIDs, which always fit.
 * @param values at least one; `inChunks` keeps them within a URL and within the conditions of a query.
 */
export function anyOf(propertyName: string, values: readonly string[]): string {
  const listed = values.filter(fitsInList)
  const name = stringLiteral(propertyName)
  const list = `Microsoft.Dynamics.CRM.In(PropertyName=${name},PropertyValues=${JSON.stringify(listed)})`
  const alternatives = [
    ...(listed.length === 0 ? [] : [list]),
    ...values.filter((value) => !fitsInList(value)).map((value) => equals(propertyName, value)),
  ]
  return alternatives.length === 1 ? alternatives.join() : `(${alternatives.join(' or ')})`
}

function equals(propertyName: string, value: string): string {
  return `${propertyName} eq ${stringLiteral(value)}`
}

/** Characters that a value adds to an encoded filter of {@link anyOf}, including the separator. */
export function encodedSize(propertyName: string, value: string): number {
  const text = fitsInList(value)
    ? `${JSON.stringify(value)},`
    : ` or ${equals(propertyName, value)}`
  return encodeQueryValue(text).length
}

/** Percent-encodes one value of a query, including `'`, which encodeURIComponent leaves. */
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

/** `?$select=…&$filter=…`, encoded; empty without options. Column names need no encoding. */
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
 * A row by an alternate key: `em_subscriptionses(em_rowkey='…')`. The value must be one of `row-key.ts`, which needs no
 * encoding.
 */
export function byKey(setName: string, keyColumn: string, value: string): string {
  return `${setName}(${keyColumn}=${stringLiteral(value)})`
}

/** Whether a text is a GUID; only GUIDs are put into URLs unchanged. */
export function isGuid(text: unknown): text is string {
  return (
    typeof text === 'string' &&
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)
  )
}

/** Cuts a text to a column's length in UTF-16 units, without splitting a character. */
export function shorten(text: string, maxLength: number): string {
  if (text.length <= maxLength) {
    return text
  }
  const cut = text.slice(0, maxLength)
  return /[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut
}
