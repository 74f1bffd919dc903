/** Life of a connection. `implicit`: stands for an account without CRM, whose sendouts eMarketeer alone decides. */
export type ConnectionState = 'settingUp' | 'active' | 'paused' | 'disabled' | 'implicit'

/** What a pause pauses: everything but sendouts, or only what loosens. */
export type PauseMode = 'all' | 'loosening'

/** Where a connection is in its life, by which it follows what it may do. */
export interface ConnectionLife {
  readonly state: ConnectionState
  /** Null unless paused. */
  readonly pauseMode: PauseMode | null
}

/** Work by why it runs; `decision`: of a sendout that asks eMarketeer alone, and writes nothing. */
export type Work = 'setup' | 'webhook' | 'sweep' | 'preSend' | 'manual' | 'decision'

/** What a connection permits. */
export interface Permits {
  /** What becomes of a webhook's hint: acted on at once, kept until it may be, or refused. */
  readonly hints: 'acted on' | 'kept' | 'refused'
  /** Work that may begin. */
  readonly begins: readonly Work[]
  /** Work that was begun before and may go on reading and writing. */
  readonly goesOn: readonly Work[]
  /** Whether what loosens is written; withheld, it stays due. */
  readonly loosens: boolean
  /** Whether it has a cron that sweeps. */
  readonly sweeps: boolean
  /** Whether the account's sendouts are decided by it. */
  readonly decides: boolean
  /** What refused work is told. */
  readonly refusedAs: 'connection_paused' | 'connection_disabled'
}

const ALL: readonly Work[] = ['setup', 'webhook', 'sweep', 'preSend', 'manual', 'decision']
const SENDOUTS: readonly Work[] = ['preSend', 'decision']

/** What each state permits; `optOutsOnly`: paused, and only what loosens is (docs/life-of-a-connection.md shows this table). */
export const PERMITS = {
  settingUp: {
    hints: 'kept',
    begins: ALL,
    goesOn: ALL,
    loosens: true,
    sweeps: true,
    decides: true,
    refusedAs: 'connection_paused',
  },
  active: {
    hints: 'acted on',
    begins: ALL,
    goesOn: ALL,
    loosens: true,
    sweeps: true,
    decides: true,
    refusedAs: 'connection_paused',
  },
  paused: {
    hints: 'kept',
    begins: SENDOUTS,
    goesOn: [...SENDOUTS, 'setup'],
    loosens: true,
    sweeps: false,
    decides: true,
    refusedAs: 'connection_paused',
  },
  optOutsOnly: {
    hints: 'acted on',
    begins: ALL,
    goesOn: ALL,
    loosens: false,
    sweeps: true,
    decides: true,
    refusedAs: 'connection_paused',
  },
  disabled: {
    hints: 'refused',
    begins: ['decision'],
    goesOn: ['decision'],
    loosens: false,
    sweeps: false,
    decides: false,
    refusedAs: 'connection_disabled',
  },
  implicit: {
    hints: 'refused',
    begins: SENDOUTS,
    goesOn: SENDOUTS,
    loosens: true,
    sweeps: false,
    decides: false,
    refusedAs: 'connection_disabled',
  },
} as const satisfies Record<string, Permits>

/** What a connection permits now. */
export function permitsOf({ state, pauseMode }: ConnectionLife): Permits {
  return PERMITS[state === 'paused' && pauseMode === 'loosening' ? 'optOutsOnly' : state]
}

/**
 * The connection by which an account's sendouts are decided, of which there is at most one (rule A), also while it is
 * being set up. Null: there is none, and eMarketeer alone decides.
 * @param ofAccount every connection of the account, old ones and the implicit one too.
 */
export function decidingConnection<C extends ConnectionLife>(ofAccount: readonly C[]): C | null {
  return ofAccount.find((connection) => permitsOf(connection).decides) ?? null
}
