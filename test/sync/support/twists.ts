import type { CrmChangePage, CrmClient, CrmReadRequest } from '../../../src/crm/crm.js'
import type { EmarketeerClient } from '../../../src/emarketeer/index.js'
import type { SyncSession } from '../../../src/connection/session.js'
import type { Twist } from './world.js'

type Act = () => Promise<unknown>
type Around = (call: () => Promise<unknown>, request: unknown) => Promise<unknown>
type Method<T> = Extract<keyof T, string>

/** The session with a wrapper around one method of its CRM. */
export function twistCrm(
  session: SyncSession,
  name: Method<CrmClient>,
  around: Around,
): SyncSession {
  const crm = session.crm!
  return { ...session, crm: { ...crm, client: wrapped(crm.client, name, around) } }
}

/** The session with a wrapper around one method of eMarketeer's client. */
export function twistEmarketeer(
  session: SyncSession,
  name: Method<EmarketeerClient>,
  around: Around,
): SyncSession {
  return { ...session, emarketeer: wrapped(session.emarketeer, name, around) }
}

/** The session with `change` applied to each page of the CRM's changes; `cursor` null: a listing. */
export function twistChanges(
  session: SyncSession,
  change: (page: CrmChangePage, cursor: string | null) => CrmChangePage,
): SyncSession {
  async function* changed(call: () => AsyncIterable<CrmChangePage>, cursor: string | null) {
    for await (const page of call()) {
      yield change(page, cursor)
    }
  }
  return twistCrm(session, 'readChanges', changed as unknown as Around)
}

function wrapped<T extends object>(target: T, name: string, around: Around): T {
  return new Proxy(target, {
    get(object, property) {
      const value = Reflect.get(object, property, object) as unknown
      if (typeof value !== 'function') {
        return value
      }
      const method = value.bind(object) as (...given: unknown[]) => Promise<unknown>
      return property === name
        ? (...given: unknown[]) => around(() => method(...given), given[0])
        : method
    },
  })
}

function firstTime(act: Act): Act {
  let done = false
  return async () => {
    if (!done) {
      done = true
      await act()
    }
  }
}

/** An act at one point of a pass, the first time that the pass gets there. */
export const once = {
  beforeCrmWrite: (act: Act): Twist => {
    const first = firstTime(act)
    return (session) => twistCrm(session, 'write', async (call) => (await first(), call()))
  },
  beforeEmarketeerWrite: (act: Act): Twist => {
    const first = firstTime(act)
    return (session) =>
      twistEmarketeer(session, 'writeStates', async (call) => (await first(), call()))
  },
  /** After a direct reading of an address. It does not happen if the pass reads only by delta. */
  afterCrmRead: (act: Act): Twist => {
    const first = firstTime(act)
    return (session) =>
      twistCrm(session, 'read', async (call, request) => {
        const answer = await call()
        if ((request as CrmReadRequest).by === 'email') {
          await first()
        }
        return answer
      })
  },
} as const

/** An act, once, after a pass loaded its batch and before it stores a result. */
export function beforeStore(act: Act): Twist {
  const first = firstTime(act)
  return (session) => {
    let isLoaded = false
    const db = wrapped(
      wrapped(session.db, 'query', (call, sql) => {
        isLoaded ||= String(sql).includes('FROM carried_denies')
        return call()
      }),
      'transaction',
      async (call) => {
        if (isLoaded) {
          await first()
        }
        return call()
      },
    )
    return { ...session, db }
  }
}

/** A write that stays in progress: its caller gives up, and it reaches the other system only on the test's command. */
export function lateWrite(side: 'crm' | 'emarketeer'): {
  readonly twist: Twist
  lands(): Promise<unknown>
} {
  let held: (() => Promise<unknown>) | undefined
  const hold = (call: () => Promise<unknown>): Promise<unknown> => {
    held ??= call
    return Promise.reject(new Error('no answer yet'))
  }
  return {
    twist: (session) =>
      side === 'crm'
        ? twistCrm(session, 'write', hold)
        : twistEmarketeer(session, 'writeStates', hold),
    lands: () => held?.() ?? Promise.resolve(),
  }
}
