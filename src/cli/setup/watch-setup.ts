import { setTimeout as sleep } from 'node:timers/promises'
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
  const { screen, paint, signal, lookEveryMs = LOOK_EVERY_MS } = watch
  const view = new LiveView(screen)
  let last = await watch.look()
  let trouble: string | null = null
  try {
    while (last.ended === null && !signal.aborted) {
      view.show(fitting(view, last, trouble, paint))
      await sleep(lookEveryMs, undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) {
        const next: SetupLook | string = await watch.look().catch(troubleOf)
        trouble = typeof next === 'string' ? next : null
        last = typeof next === 'string' ? last : next
      }
    }
  } finally {
    view.end(statusLines(last, { paint }))
  }
}

/** All that there is to tell, or less of it where the screen is too low. */
function fitting(
  view: LiveView,
  look: SetupLook,
  trouble: string | null,
  paint: Paint,
): readonly string[] {
  const told =
    trouble === null ? [] : ['', paint('red', `${trouble} What stands here is from before.`)]
  const full = [...statusLines(look, { paint }), ...told]
  return view.fits(full) ? full : [...statusLines(look, { paint, brief: true }), ...told]
}

/** In words, what keeps us from looking. @throws what is a fault of ours. */
function troubleOf(error: unknown): string {
  const known = toCliError(error)
  if (known.code === 'internal') {
    throw error
  }
  return known.message
}
