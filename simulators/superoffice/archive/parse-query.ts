import { badRequest } from '../errors.js'

/** The options of an archive query, checked one by one. */
export interface ArchiveQuery {
  readonly select: readonly string[]
  readonly filter: string | undefined
  readonly orderBy: readonly { readonly column: string; readonly descending: boolean }[]
  readonly top: number | undefined
  readonly skip: number
  readonly full: boolean
  readonly entities: readonly string[] | undefined
}

const KNOWN = ['$select', '$filter', '$orderby', '$top', '$skip', '$mode', '$entities']

/**
 * Reads a query string or form. `$select` is required, and `$orderBy` may be written in either case. An unsupported or
 * repeated option, or bad percent-encoding, is 400.
 */
export function parseQuery(encoded: string): ArchiveQuery {
  const given = new Map<string, string>()
  for (const pair of encoded.split('&').filter((part) => part !== '')) {
    const mark = pair.indexOf('=')
    const name = decode(mark < 0 ? pair : pair.slice(0, mark)).toLowerCase()
    if (!KNOWN.includes(name) || given.has(name)) {
      throw badRequest(`Query option '${name}' is unknown or given twice`)
    }
    given.set(name, decode(mark < 0 ? '' : pair.slice(mark + 1)))
  }
  const select = list(given.get('$select'))
  if (select === undefined) {
    throw badRequest('$select is required')
  }
  const mode = (given.get('$mode') ?? 'Slim').toLowerCase()
  if (mode !== 'slim' && mode !== 'full') {
    throw badRequest('$mode must be Slim or Full')
  }
  return {
    select,
    filter: given.get('$filter'),
    orderBy: (list(given.get('$orderby')) ?? []).map(ordering),
    top: whole(given.get('$top'), '$top', 1),
    skip: whole(given.get('$skip'), '$skip', 0) ?? 0,
    full: mode === 'full',
    entities: list(given.get('$entities')),
  }
}

function ordering(text: string) {
  const found = /^(\S+)(?: +(asc|desc))?$/i.exec(text)
  if (found === null) {
    throw badRequest('Bad $orderBy')
  }
  return { column: found[1]!, descending: found[2]?.toLowerCase() === 'desc' }
}

function list(text: string | undefined): readonly string[] | undefined {
  const names = text?.split(',').map((name) => name.trim())
  if (names?.includes('') === true) {
    throw badRequest('Empty name in a list')
  }
  return names
}

function whole(text: string | undefined, option: string, least: number): number | undefined {
  if (text === undefined) {
    return undefined
  }
  if (!/^\d+$/.test(text) || Number(text) < least) {
    throw badRequest(`${option} must be a whole number of at least ${least}`)
  }
  return Number(text)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badRequest('Bad percent-encoding')
  }
}
