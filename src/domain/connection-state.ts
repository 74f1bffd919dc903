/** State of a connection. `implicit`: an account without a CRM, whose sendouts eMarketeer alone decides. */
export type ConnectionState = 'settingUp' | 'active' | 'paused' | 'disabled' | 'implicit'

/** What a pause stops: everything but sendouts, or only what loosens. */
export type PauseMode = 'all' | 'loosening'

/** The fields that determine what a connection permits. */
export interface ConnectionLife {
  readonly state: ConnectionState
  /** Null unless paused. */
  readonly pauseMode: PauseMode | null
}

/** Kinds of work; `decision`: of a sendout that asks only eMarketeer and writes nothing. */
export type Work = 'setup' | 'webhook' | 'sweep' | 'preSend' | 'manual' | 'decision'

/** What a connection permits. */
export interface Permits {
  /** Whether webhook hints are acted on, kept for later, or refused. */
  readonly hints: 'acted on' | 'kept' | 'refused'
  /** Work that may begin. */
  readonly begins: readonly Work[]
  /** Work in progress that may continue to read and write. */
  readonly goesOn: readonly Work[]
  /** Whether loosening is written; otherwise it stays due. */
  readonly loosens: boolean
  /** Whether the cron workflow sweeps it. */
  readonly sweeps: boolean
  /** Whether it decides the account's sendouts. */
  readonly decides: boolean
  /** The error of refused work. */
  readonly refusedAs: 'connection_paused' | 'connection_disabled'
}

const ALL: readonly Work[] = ['setup', 'webhook', 'sweep', 'preSend', 'manual', 'decision']
const SENDOUTS: readonly Work[] = ['preSend', 'decision']

/**
 * What each state permits. `optOutsOnly`: a connection that is paused only for loosening. docs/life-of-a-connection.md
 * shows this table.
 */
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

/** What a connection permits in its present state. */
export function permitsOf({ state, pauseMode }: ConnectionLife): Permits {
  return PERMITS[state === 'paused' && pauseMode === 'loosening' ? 'optOutsOnly' : state]
}

/**
 * The connection that decides an account's sendouts: at most one (rule A), also while it is being set up. null: there
 * is none, and eMarketeer decides alone.
 * @param ofAccount all connections of the account, old and implicit ones included.
 */
export function decidingConnection<C extends ConnectionLife>(ofAccount: readonly C[]): C | null {
  return ofAccount.find((connection) => permitsOf(connection).decides) ?? null
}
