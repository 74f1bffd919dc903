import type { DisconnectStatus } from '../../contracts/lifecycle-activities.js'

/** The work that Support watches and decides: set-up, or one of the two kinds of disconnect. */
export type Work = 'setup' | 'removal' | 'disabling'

/** The kind of a disconnect. */
export function workOf({ removeInstalled }: Pick<DisconnectStatus, 'removeInstalled'>): Work {
  return removeInstalled ? 'removal' : 'disabling'
}

/** Labels of one kind of work. */
interface WorkWords {
  /** Before the connection's id. */
  readonly title: string
  /** After the percentage, once it is done. */
  readonly done: string
  /** After the percentage, if it ended before it was done. */
  readonly undone: string
  /** Whether and when a paused step is retried automatically. */
  readonly again: string
}

const AT_REMOVAL = 'It is tried again by itself every hour, unless the credentials are refused.'

/** Labels of each kind of work. Set-up has an empty `again`, because it depends on the pause. */
export const WORK_WORDS: Readonly<Record<Work, WorkWords>> = {
  setup: {
    title: 'Set-up of',
    done: 'the sweep runs every half hour',
    undone: 'to go on, apply the connection again: steps that are done pass immediately',
    again: '',
  },
  removal: {
    title: 'Removal of the installation of',
    done: 'the connection is disabled',
    undone: 'what was done stays done; `lbsync connection remove-installed` starts it again',
    again: AT_REMOVAL,
  },
  disabling: {
    title: 'Disabling of',
    done: 'the connection is disabled',
    undone: 'what was done stays done; apply the file with "crm":"none" again',
    again: AT_REMOVAL,
  },
}
