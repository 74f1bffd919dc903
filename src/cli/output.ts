import type { Writable } from 'node:stream'
import { forTerminal, jsonText } from './terminal-text.js'

/**
 * The output of a command: its answer on stdout, everything else on stderr. Nothing in it can control a terminal: text
 * is cleaned, JSON escaped.
 */
export interface Output {
  /**
   * Writes to stdout and waits until the text is accepted, so that a slow reader slows the command down.
   * @returns false if nobody reads any more (`lbsync … | head`).
   */
  write(text: string): Promise<boolean>
  /** Writes the answer: one JSON document with `--json`, else text. */
  answer(json: boolean, document: unknown, text: () => string): Promise<void>
  /** Writes a line for a person: progress or advice. */
  note(line: string): void
}

/** Output on two streams. It is not an error if the reader of stdout closes it. */
export function createOutput(stdout: Writable, stderr: Writable): Output {
  let closed = false
  // One line for a program that reads lines, indented for a person.
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
