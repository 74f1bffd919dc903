import type { Socket } from 'node:net'
import pg from 'pg'

/** A connection; it serves one transaction, or one statement, at a time. */
export interface Connection {
  client: pg.Client
  pid: number
  /** The time that was last set on it. */
  setMs: number
  /** The BEGIN of a transaction that has not sent a statement yet; else null. */
  begin: string | null
}

/** Sends statements in one message; the server executes them in order. @returns the answer of the last one. */
export function together(
  client: pg.Client,
  before: readonly string[],
  last: pg.QueryConfig,
): Promise<pg.QueryResult> {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  stream.cork()
  try {
    if (before.length > 0) {
      client.query(before.join('; ')).catch(() => undefined)
    }
    return client.query(last)
  } finally {
    stream.uncork()
  }
}

/** Ends a connection's transaction, if it has been sent to the server. */
export async function end(connection: Connection, how: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  if (connection.begin === null) {
    await connection.client.query(how)
  }
  connection.begin = null
}

/** Connects as the owner. */
export async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, pipeline: true })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
