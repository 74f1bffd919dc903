import { createHmac } from 'node:crypto'
import { invalid } from './api-error.js'

/** Content of a cursor. `kind` prevents the use of one list's cursor on another. */
export interface CursorFacts {
  readonly accountId: string
  readonly kind: string
  readonly position: number
  readonly generation: number
}

const KEY = 'cursors of the stand-in'

function sign(payload: string): string {
  return createHmac('sha256', KEY).update(payload).digest('base64url').slice(0, 16)
}

/** Opaque text of at most 200 characters, some of which a query must encode. */
export function makeCursor({ accountId, kind, position, generation }: CursorFacts): string {
  const payload = JSON.stringify([accountId, kind, position, generation])
  return `${Buffer.from(payload).toString('base64url')}+/&=.${sign(payload)}`
}

/** Reads a cursor; a damaged one, or one of another account or list, is 422. */
export function readCursor(text: string, accountId: string, kind: string): CursorFacts {
  const [encoded = '', signature] = text.split('.')
  const payload = Buffer.from(encoded.replace('+/&=', ''), 'base64url').toString('utf8')
  if (text.length > 200 || !encoded.endsWith('+/&=') || signature !== sign(payload)) {
    throw invalid([{ path: 'cursor', message: 'is damaged' }])
  }
  const [account, list, position, generation] = JSON.parse(payload) as [
    string,
    string,
    number,
    number,
  ]
  if (account !== accountId || list !== kind) {
    throw invalid([{ path: 'cursor', message: 'belongs to another account or list' }])
  }
  return { accountId, kind, position, generation }
}
