/** Text in a filter: single quotes; an inner one is escaped by a backslash, not doubled as in OData. */
export function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`
}

/** `column in ('a','b')`; numbers have no quotes. */
export function isOneOf(column: string, values: readonly (string | number)[]): string {
  const list = values.map((value) => (typeof value === 'number' ? String(value) : quoted(value)))
  return `${column} in (${list.join(',')})`
}

/** Joins conditions; `and` binds tighter than `or`, so a condition with an `or` gets brackets. */
export function allOf(conditions: readonly string[]): string {
  return conditions.map((one) => (/ or /.test(one) ? `(${one})` : one)).join(' and ')
}

/**
 * Parameters as a query string or form body, each value encoded completely: a `+` in an address would otherwise be read
 * as a blank.
 */
export function encodeParameters(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encode(value)}`)
    .join('&')
}

/** Also encodes quotes and brackets, which some gateways take for an attack. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /['*!]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
