import { expect } from '@jest/globals'
import type { SyncSession } from '../../../src/connection/session.js'
import type { Queryable } from '../../../src/ledger/db/database.js'
import { comparePlain } from '../../../simulation/plain-and-gate.js'

/** The statement says of nobody what the gate does not say, now. */
export async function expectPlainAsGate(session: SyncSession, sendoutRunId: string): Promise<void> {
  for (const mustBeFresh of [true, false]) {
    const { differing } = await session.db.snapshot((tx: Queryable) =>
      comparePlain(tx, session, sendoutRunId, mustBeFresh),
    )
    expect(differing).toEqual([])
  }
}
