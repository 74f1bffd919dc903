import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../contracts/app-error.js'
import { toCliError } from '../errors/to-cli-error.js'
import type { SetupLook } from './look-at-setup.js'
import { LiveView, type Screen } from './live-view.js'
import type { Paint } from './paint.js'
import { statusLines } from './status-lines.js'

const LOOK_EVERY_MS = 1_000

/** What is watched, and where it is shown. */
export interface SetupWatch {
  readonly look: () => Promise<SetupLook>
  readonly screen: Screen
  readonly paint: Paint
  /** Ends the watching, not set-up. */
  readonly signal: AbortSignal
  readonly lookEveryMs?: number
}

/**
 * Shows set-up as it goes on, until it has ended or nobody wants to look any more. A worker or server that goes away
 * meanwhile is told and waited for.
 *
 * @throws AppError of the first look.
 */
export async function watchSetup(watch: SetupWatch): Promise<void> {
  const { screen, paint, signal } = watch
  const view = new LiveView(screen)
  let last = await watch.look()
  try {
    while (last.ended === null && !signal.aborted) {
      const full = statusLines(last, { paint })
      view.show(view.fits(full) ? full : statusLines(last, { paint, brief: true }))
      await sleep(watch.lookEveryMs ?? LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
      last = signal.aborted ? last : await lookAgain(watch, view, last)
    }
  } finally {
    view.end(statusLines(last, { paint }))
  }
}

async function lookAgain(watch: SetupWatch, view: LiveView, last: SetupLook): Promise<SetupLook> {
  try {
    return await watch.look()
  } catch (error) {
    const known = toCliError(error)
    if (!(known instanceof AppError) || known.code === 'internal') {
      throw error
    }
    const told = watch.paint('red', `${known.message} What stands here is from before.`)
    view.show([...statusLines(last, { paint: watch.paint, brief: true }), '', told])
    return last
  }
}
