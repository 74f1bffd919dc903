import type { Writable } from 'node:stream'
import { forTerminal, jsonText } from './terminal-text.js'

/**
 * Where a command's words go: its answer to stdout, everything else to stderr. Whatever it is, nothing in it steers a
 * terminal: text is cleaned, JSON escaped.
 */
export interface Output {
  /**
   * Writes to stdout and waits until it is taken, so that a slow reader slows the command down.
   * @returns false when nobody reads any more (`lbsync … | head`).
   */
  write(text: string): Promise<boolean>
  /** The answer: one JSON document with `--json`, else text. */
  answer(json: boolean, document: unknown, text: () => string): Promise<void>
  /** A line for whoever watches: progress, advice. */
  note(line: string): void
}

/** Output on two streams. A reader of stdout that goes away is no error. */
export function createOutput(stdout: Writable, stderr: Writable): Output {
  let closed = false
  // On one line for a program that reads lines, spread out for a person.
  const indent = (stdout as { isTTY?: boolean }).isTTY === true ? 2 : undefined
  // Without a listener, EPIPE would end the process with a stack trace.
  stdout.on('error', () => {
    closed = true
  })
  const write = (text: string) =>
    closed
      ? Promise.resolve(false)
      : new Promise<boolean>((resolve) => {
          stdout.write(forTerminal(text), (error) => {
            closed ||= error !== null && error !== undefined
            resolve(!closed)
          })
        })
  return {
    write,
    async answer(json, document, text) {
      await write(`${json ? jsonText(document, indent) : text()}\n`)
    },
    note(line) {
      stderr.write(`${forTerminal(line)}\n`)
    },
  }
}
