import type { Writable } from 'node:stream'
import { marked, type Style } from '../terminal-text.js'

export type { Style }

/** Gives text a style, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** For files, pipes and tests. */
export const plain: Paint = (_style, text) => text

/** For a terminal with colours. */
export const coloured: Paint = marked

/** Colours where the stream is a terminal that has them; Node heeds NO_COLOR and FORCE_COLOR there. */
export function paintFor(stream: Writable): Paint {
  const { isTTY, hasColors } = stream as { isTTY?: boolean; hasColors?: () => boolean }
  return isTTY === true && hasColors?.call(stream) === true ? coloured : plain
}
