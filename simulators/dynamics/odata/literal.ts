import { badQuery } from '../errors.js'

/** A value as written in a URL. Dates are ms since 1970. */
export type Literal =
  | { readonly type: 'null'; readonly value: null }
  | { readonly type: 'string' | 'guid'; readonly value: string }
  | { readonly type: 'number' | 'date'; readonly value: number }
  | { readonly type: 'boolean'; readonly value: boolean }

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/
const QUOTED = /^'(?:[^']|'')*'$/
const ENUM = /^[A-Za-z]+(?:\.[A-Za-z]+)+('(?:[^']|'')*')$/

/** Whether a text has the form of a GUID. */
export function isGuid(text: string): boolean {
  return GUID.test(text)
}

/** Reads one literal. `guid'…'` and anything unknown are 400 0x80060888. */
export function parseLiteral(text: string): Literal {
  if (text === 'null') {
    return { type: 'null', value: null }
  }
  if (text === 'true' || text === 'false') {
    return { type: 'boolean', value: text === 'true' }
  }
  if (GUID.test(text)) {
    return { type: 'guid', value: text.toLowerCase() }
  }
  const quoted = ENUM.exec(text)?.[1] ?? text
  if (QUOTED.test(quoted)) {
    return { type: 'string', value: quoted.slice(1, -1).replaceAll("''", "'") }
  }
  if (DATE.test(text)) {
    return { type: 'date', value: Date.parse(text) }
  }
  if (/^-?\d+(\.\d+)?$/.test(text)) {
    return { type: 'number', value: Number(text) }
  }
  throw badQuery(`Unrecognized 'Edm.String' literal '${text}' at '0' in '${text}'.`)
}
