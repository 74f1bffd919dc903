import type { Writable } from 'node:stream'

/** ANSI codes of the few styles that are used. */
const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const

/** A style of text on a terminal. */
export type Style = keyof typeof CODES

/** Gives text a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** For files, pipes and tests. */
export const plain: Paint = (_style, text) => text

/** For a terminal with colours. */
export const coloured: Paint = (style, text) => `\u001B[${CODES[style]}m${text}\u001B[0m`

/** Colours where the stream is a terminal that has them; Node heeds NO_COLOR and FORCE_COLOR there. */
export function paintFor(stream: Writable): Paint {
  const { isTTY, hasColors } = stream as { isTTY?: boolean; hasColors?: () => boolean }
  return isTTY === true && hasColors?.call(stream) === true ? coloured : plain
}
