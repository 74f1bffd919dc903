import type { Database, Queryable, Transaction } from '../../../src/ledger/db/database.js'
import { twistCrm, twistEmarketeer } from './twists.js'
import type { Twist } from './world.js'

/** A process that dies at a step. From then on none of its calls reaches the ledger or either system. */
export interface Mortal {
  readonly twist: Twist
  /** Whether it reached that step. */
  readonly over: boolean
}

/**
 * The steps are: before each statement or transaction of the ledger, before each write call, and after it (done, never
 * acknowledged). A statement inside a transaction is not a step, because it is rolled back with the others.
 */
export function mortal(diesAt: number): Mortal {
  let steps = 0
  const step = (): void => {
    steps += 1
    if (steps >= diesAt) {
      throw new Error('the process died')
    }
  }
  const around = async (call: () => Promise<unknown>): Promise<unknown> => {
    step()
    const answer = await call()
    step()
    return answer
  }
  return {
    twist: (session) => {
      const twisted = twistCrm(twistEmarketeer(session, 'writeStates', around), 'write', around)
      return { ...twisted, db: mortalDatabase(session.db, step) }
    },
    get over() {
      return steps >= diesAt
    },
  }
}

function mortalDatabase(db: Database, step: () => void): Database {
  return {
    query: async <Row>(sql: string, values?: readonly unknown[]) => {
      step()
      return db.query<Row>(sql, values)
    },
    transaction: async <T>(work: (tx: Transaction) => Promise<T>) => {
      step()
      return db.transaction(work)
    },
    snapshot: async <T>(work: (tx: Queryable) => Promise<T>) => {
      step()
      return db.snapshot(work)
    },
    close: () => db.close(),
  }
}
