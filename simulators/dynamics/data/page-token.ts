import { createHash } from 'node:crypto'
import { badQuery } from '../errors.js'

/** Where the next page starts; `query` ties the token to the request it was given for. */
export interface PageToken {
  readonly page: number
  /** Plain read and baseline: rows created after this; ordered read: rows to leave out; delta: version reached. */
  readonly after: number
  /** A delta: the version it reads up to; a tracked baseline: the version its delta link will carry. */
  readonly upTo?: number
  /** A delta on its way through the deletions. */
  readonly deletions?: boolean
  /** Rows counted for `$count` at the first page. */
  readonly count?: number
}

/** A short hash of the query a token belongs to. */
function fingerprint(query: string): string {
  return createHash('sha256').update(query).digest('base64url').slice(0, 16)
}

/** The `$skiptoken` text, encoded for a URL; its inside is nobody's business. */
export function writePageToken(token: PageToken, query: string): string {
  const cookie = Buffer.from(JSON.stringify({ ...token, q: fingerprint(query) })).toString(
    'base64url',
  )
  const text = `<cookie pagenumber="${token.page}" pagingcookie="${cookie}" istracking="${token.upTo === undefined ? 'False' : 'True'}" />`
  return encodeURIComponent(text)
}

/** Reads a token back; one that was changed, or moved to another query, is 400 0x80060888. */
export function readPageToken(text: string, query: string): PageToken {
  const cookie = /pagingcookie="([^"]*)"/.exec(text)?.[1] ?? ''
  try {
    const token = JSON.parse(Buffer.from(cookie, 'base64url').toString()) as PageToken & {
      q: string
    }
    if (token.q === fingerprint(query)) {
      return token
    }
  } catch {
    // Falls through to the refusal: a mangled token and a moved one are told the same.
  }
  throw badQuery('Malformed XML in the Paging Cookie.')
}

/** The raw query without one option, other parts byte for byte as they came. */
export function withoutOption(rawQuery: string, option: string): string {
  return rawQuery
    .split('&')
    .filter((part) => !part.startsWith(`${option}=`) && !part.startsWith(`%24${option.slice(1)}=`))
    .join('&')
}
