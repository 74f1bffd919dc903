import type { DisconnectStatus } from '../../contracts/lifecycle-activities.js'

/** What Support looks at and decides: set-up, or what takes the connection apart. */
export type Work = 'setup' | 'removal' | 'disabling'

/** Which of both a disconnect does. */
export function workOf({ removeInstalled }: Pick<DisconnectStatus, 'removeInstalled'>): Work {
  return removeInstalled ? 'removal' : 'disabling'
}

/** Labels of each. */
interface WorkWords {
  /** Before the connection's id. */
  readonly title: string
  /** After the percentage, once it is done. */
  readonly done: string
  /** After the percentage, where it has ended before. */
  readonly undone: string
  /** Whether and when a paused step is tried again by itself. */
  readonly again: string
}

const AT_REMOVAL = 'It is tried again by itself every hour, unless the credentials are refused.'

/** In words. `again` of set-up depends on the pause, and is said there. */
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
