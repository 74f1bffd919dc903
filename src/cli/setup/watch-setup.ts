import { setTimeout as sleep } from 'node:timers/promises'
import { toCliError } from '../errors/report-error.js'
import type { SetupLook } from '../../app/setup/look-at-setup.js'
import { type Paint, forTerminal } from '../terminal-text.js'
import { statusLines } from './status-lines.js'
import { stripVTControlCharacters } from 'node:util'

const LOOK_EVERY_MS = 1_000

/** What to watch, and where to show it. */
export interface SetupWatch {
  readonly look: () => Promise<SetupLook>
  readonly screen: Screen
  readonly paint: Paint
  /** Ends the watching, not set-up. */
  readonly signal: AbortSignal
  readonly lookEveryMs?: number
}

/**
 * Shows set-up until it ends or the signal aborts. If a worker or server becomes unreachable meanwhile, shows that and
 * waits for it.
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

/** All lines, or the brief ones if the screen is too low. */
function fitting(
  view: LiveView,
  look: SetupLook,
  trouble: string | null,
  paint: Paint,
): readonly string[] {
  const troubleLines =
    trouble === null ? [] : ['', paint('red', `${trouble} What stands here is from before.`)]
  const full = [...statusLines(look, { paint }), ...troubleLines]
  return view.fits(full) ? full : [...statusLines(look, { paint, brief: true }), ...troubleLines]
}

/** Text on what prevents us from looking. @throws internal errors. */
function troubleOf(error: unknown): string {
  const known = toCliError(error)
  if (known.code === 'internal') {
    throw error
  }
  return known.message
}

/** The part of a terminal that is used. A terminal that does not know its size has 0. */
export interface Screen {
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

const ESC = '\u001B['
/** Terminals that support it show the update only when it is complete. */
const BEGIN_UPDATE = `${ESC}?2026h`
const END_UPDATE = `${ESC}?2026l`
const HIDE_CURSOR = `${ESC}?25l`
const SHOW_CURSOR = `${ESC}?25h`
const ERASE_TO_LINE_END = `${ESC}K`
const ERASE_BELOW = `${ESC}J`

/** The line below the lines that fit. */
const MORE = '… more: a higher window, or --once'

/**
 * Lines that are redrawn in place. Each is overwritten, and only the rest of the old line is erased, in one write, so
 * that nothing flickers. The terminal wraps long lines, so that a copied command stays one line.
 */
export class LiveView {
  #shown: readonly string[] = []
  #text = ''

  constructor(readonly screen: Screen) {}

  /**
   * Shows these lines. Lines beyond the screen's height are left out at the end, because they could not be overwritten.
   */
  show(lines: readonly string[]): void {
    const fitting = this.#fitting(lines.map(forTerminal))
    const text = fitting.join('\n')
    if (text === this.#text && this.#shown.length > 0) {
      return
    }
    const up = this.#rowsOf(this.#shown) - 1
    const columns = this.#columns
    const body = fitting
      .map((line) =>
        widthOf(line) % columns === 0 && line !== '' ? line : line + ERASE_TO_LINE_END,
      )
      .join('\r\n')
    this.screen.write(
      `${BEGIN_UPDATE}${HIDE_CURSOR}\r${up > 0 ? `${ESC}${up}A` : ''}${body}${ERASE_BELOW}${END_UPDATE}`,
    )
    this.#shown = fitting
    this.#text = text
  }

  /** Writes all of the last lines and restores the cursor. */
  end(lines: readonly string[]): void {
    const up = this.#rowsOf(this.#shown) - 1
    this.screen.write(
      `\r${up > 0 ? `${ESC}${up}A` : ''}${ERASE_BELOW}${lines.map(forTerminal).join('\r\n')}\r\n${SHOW_CURSOR}`,
    )
    this.#shown = []
  }

  /** Whether lines fit the screen's height. */
  fits(lines: readonly string[]): boolean {
    return this.#rowsOf(lines.map(forTerminal)) < (this.screen.rows || 24)
  }

  get #columns(): number {
    return this.screen.columns || 80
  }

  #fitting(lines: readonly string[]): readonly string[] {
    if (this.fits(lines)) {
      return lines
    }
    let count = lines.length - 1
    while (count > 1 && !this.fits([...lines.slice(0, count), MORE])) {
      count -= 1
    }
    return [...lines.slice(0, count), MORE]
  }

  #rowsOf(lines: readonly string[]): number {
    const columns = this.#columns
    return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
  }
}

/** Letters of two columns: CJK, Hangul, full-width forms, most emoji. */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\u{1F300}-\u{1FAFF}]/u

/** The columns of a line, without marks and colours. */
function widthOf(line: string): number {
  let width = 0
  for (const letter of stripVTControlCharacters(line).replace(/\p{Mn}/gu, '')) {
    width += WIDE.test(letter) ? 2 : 1
  }
  return width
}
