import { badQuery } from '../errors.js'

/** The query string of a URL, decoded: system options (`$select`) and parameter aliases (`@e`). */
export interface UrlQuery {
  readonly options: ReadonlyMap<string, string>
  readonly aliases: ReadonlyMap<string, string>
}

const KNOWN = new Set([
  '$select',
  '$filter',
  '$orderby',
  '$top',
  '$count',
  '$expand',
  '$skiptoken',
  '$deltatoken',
])

/** Decodes as the service does: `+` is a blank, so an unencoded `+` in an address is lost. */
export function parseUrlQuery(rawQuery: string): UrlQuery {
  const options = new Map<string, string>()
  const aliases = new Map<string, string>()
  for (const part of rawQuery.split('&')) {
    if (part === '') {
      continue
    }
    const mark = part.indexOf('=')
    const name = decode(mark < 0 ? part : part.slice(0, mark))
    const value = mark < 0 ? '' : decode(part.slice(mark + 1))
    if (name.startsWith('@')) {
      aliases.set(name, value)
    } else if (name === '$skip') {
      throw badQuery('Skip Clause is not supported in CRM')
    } else if (!KNOWN.has(name)) {
      throw badQuery(`The query parameter '${name}' is not supported.`)
    } else if (options.has(name)) {
      throw badQuery(
        `Query option '${name}' was specified more than once, but it must be specified at most once.`,
      )
    } else {
      options.set(name, value)
    }
  }
  return { options, aliases }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw badQuery('Bad percent-encoding in the URL.')
  }
}
