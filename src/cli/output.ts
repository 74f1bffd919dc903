import type { Writable } from 'node:stream'
import { AppError } from '../contracts/app-error.js'
import { forTerminal, jsonText } from './terminal-text.js'

/**
 * The output of a command: its answer on stdout, everything else on stderr. Nothing in it can control a terminal: text
 * is cleaned, JSON escaped.
 */
export interface Output {
  /**
   * Writes to stdout and waits until the text is accepted, so that a slow reader slows the command down.
   * @returns false if nobody reads any more (`lbsync … | head`).
   * @throws AppError `answer_not_written` if it cannot be written for any other reason, such as a full disk: what is
   * there is not the complete answer.
   */
  write(text: string): Promise<boolean>
  /** Writes the answer: one JSON document with `--json`, else text. */
  answer(json: boolean, document: unknown, text: () => string): Promise<void>
  /** Writes a line for a person: progress or advice. */
  note(line: string): void
}

/** Output on two streams. It is not an error if the reader of stdout closes it, or if nothing can be noted on stderr. */
export function createOutput(stdout: Writable, stderr: Writable): Output {
  let closed = false
  let failure: AppError | null = null
  const onFailure = (error: NodeJS.ErrnoException) => {
    closed ||= READER_GONE.has(error.code ?? '')
    failure ??= closed ? null : notWritten(error)
  }
  // One line for a program that reads lines, indented for a person.
  const indent = (stdout as { isTTY?: boolean }).isTTY === true ? 2 : undefined
  // Without a listener, either would end the process with a stack trace.
  stdout.on('error', onFailure)
  stderr.on('error', () => undefined)
  const write = async (text: string) => {
    if (!closed && failure === null) {
      await new Promise<void>((resolve) => {
        stdout.write(forTerminal(text), (error) => {
          if (error) {
            onFailure(error)
          }
          resolve()
        })
      })
    }
    if (failure !== null) {
      throw failure
    }
    return !closed
  }
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

/** How a stream says that its reader has closed it; the last one after the first. */
const READER_GONE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])

function notWritten({ code = 'unknown' }: NodeJS.ErrnoException): AppError {
  return new AppError('answer_not_written', `The answer cannot be written (${code}).`, {
    path: 'stdout',
  })
}
