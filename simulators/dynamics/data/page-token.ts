import { createHash } from 'node:crypto'
import { badQuery } from '../errors.js'

/** Position of the next page; `query` ties the token to its request. */
export interface PageToken {
  readonly page: number
  /** Plain read and baseline: rows created after this; ordered read: rows to leave out; delta: version reached. */
  readonly after: number
  /** A delta: the version it reads up to; a tracked baseline: the version its delta link will carry. */
  readonly upTo?: number
  /** A delta that has reached the deletions. */
  readonly deletions?: boolean
  /** Rows counted for `$count` at the first page. */
  readonly count?: number
}

/** A short hash of the query a token belongs to. */
function fingerprint(query: string): string {
  return createHash('sha256').update(query).digest('base64url').slice(0, 16)
}

/** The `$skiptoken` text, encoded for a URL; opaque. */
export function writePageToken(token: PageToken, query: string): string {
  const cookie = Buffer.from(JSON.stringify({ ...token, q: fingerprint(query) })).toString(
    'base64url',
  )
  const text = `<cookie pagenumber="${token.page}" pagingcookie="${cookie}" istracking="${token.upTo === undefined ? 'False' : 'True'}" />`
  return encodeURIComponent(text)
}

/** Reads a token; a changed one, or one of another query, is 400 0x80060888. */
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
    // Falls through to the refusal, which is the same for a changed token and for one of another query.
  }
  throw badQuery('Malformed XML in the Paging Cookie.')
}

/** The raw query without one option, other parts byte for byte. */
export function withoutOption(rawQuery: string, option: string): string {
  return rawQuery
    .split('&')
    .filter((part) => !part.startsWith(`${option}=`) && !part.startsWith(`%24${option.slice(1)}=`))
    .join('&')
}
