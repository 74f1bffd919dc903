import { randomBytes } from 'node:crypto'
import type { Database } from '../../src/ledger/db/database.js'

/** Number of answers by status; 0: no answer. */
export type Statuses = Record<string, number>

/** Calls that continue until they are stopped. */
export interface Flood {
  /** Ends it. @returns the answers' statuses. */
  stop(): Promise<Statuses>
}

/** Makes calls one after the other, in this many parallel lines, whatever the answers. */
export function flood(call: () => Promise<Response>, lines = 20): Flood {
  const statuses: Statuses = {}
  let stopped = false
  const line = async () => {
    while (!stopped) {
      const status = await call().then(
        async (answer) => {
          await answer.arrayBuffer()
          return answer.status
        },
        () => 0,
      )
      statuses[status] = (statuses[status] ?? 0) + 1
    }
  }
  const running = Array.from({ length: lines }, line)
  return {
    async stop() {
      stopped = true
      await Promise.all(running)
      return statuses
    },
  }
}

/** An address that no connection has. */
export function guessedRef(): string {
  return randomBytes(24).toString('base64url')
}

/** Makes this many calls one after the other. */
export async function inTurn(times: number, call: () => Promise<Response>): Promise<number[]> {
  const statuses = []
  for (let n = 0; n < times; n += 1) {
    statuses.push((await call()).status)
  }
  return statuses
}

/** Counts the statements that look up webhook addresses. */
export function countLookUps(db: Database): () => number {
  const query = db.query.bind(db)
  let lookUps = 0
  db.query = (sql, values) => {
    lookUps += sql.includes('webhook_ref') ? 1 : 0
    return query(sql, values)
  }
  return () => lookUps
}

/** Prints the result of a flood. */
export function printFigures(what: string, figures: Record<string, unknown>): void {
  process.stdout.write(`${what}: ${JSON.stringify(figures)}\n`)
}
