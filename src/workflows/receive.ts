import {
  getCurrentDetails,
  setCurrentDetails,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow'
import type { QueryDefinition, SignalDefinition, UpdateDefinition } from '@temporalio/common'
import { judged, NOTHING } from '../contracts/judge.js'
import type { Schema } from '../contracts/schema.js'
import { toFailure } from './entry.js'
import { plainText } from './markdown.js'

/**
 * Receives messages. Any client may send anything: each message is validated first. An invalid one changes nothing, and
 * later valid ones are accepted.
 */

/** A handler's description in Temporal's UI, and the validation of a message's arguments. */
export interface MessageSchema<T> {
  readonly description: string
  /** @throws AppError or ApplicationFailure whose code and message state why the message is refused. */
  readonly judge: (given: readonly unknown[]) => T
}

/** Schema of a message with one argument. */
export function messageSchema<T>(description: string, schema: Schema<T>): MessageSchema<T> {
  return { description, judge: (given) => judged(schema, given) }
}

/** Answers a query without arguments. */
export function answer<Result>(
  query: QueryDefinition<Result>,
  description: string,
  look: () => Result,
): void {
  const handler = (...given: unknown[]) => orFail(() => (judged(NOTHING, given), look()))
  setHandler(query, handler, { description })
}

/** Accepts a signal. A signal has no answer, so `refuse` writes the reason where its sender will look. */
export function takeSignal<T>(
  signal: SignalDefinition<[T]> | SignalDefinition<[]>,
  { description, judge }: MessageSchema<T>,
  take: (message: T) => void | Promise<void>,
  refuse: (text: string) => void,
): void {
  const handler = async (...given: unknown[]): Promise<void> => {
    let message: T
    try {
      message = judge(given)
    } catch (error) {
      refuse(`${signal.name} refused: ${toFailure(error).message}`)
      return
    }
    try {
      await take(message)
    } catch (error) {
      throw toFailure(error)
    }
  }
  setHandler(signal as SignalDefinition<unknown[]>, handler, { description })
}

/** Accepts an update. It is validated before it is accepted, so that a refused one leaves no trace. */
export function takeUpdate<T, Result>(
  update: UpdateDefinition<Result, [T]>,
  { description, judge }: MessageSchema<T>,
  take: (message: T) => Result | Promise<Result>,
): void {
  const handler = async (...given: unknown[]): Promise<Result> => {
    try {
      return await take(judge(given))
    } catch (error) {
      throw toFailure(error)
    }
  }
  const validator = (...given: unknown[]) => orFail(() => void judge(given))
  setHandler(update as UpdateDefinition<Result, unknown[]>, handler, { description, validator })
}

/** Reports signals with names that this workflow does not have. They would be lost otherwise. */
export function refuseOtherSignals(refuse: (text: string) => void): void {
  setDefaultSignalHandler((name) => {
    const known = /^[\w-]{1,40}$/.test(name)
    refuse(`${known ? name : 'A signal'} refused: there is no signal of this name here.`)
  })
}

/** For workflows without a list of messages: writes the answer into the current details. */
export function reportInDetails(text: string): void {
  const [doing] = getCurrentDetails().split('\n\nLast message:')
  setCurrentDetails(`${doing}\n\nLast message: ${plainText(text)}`)
}

function orFail<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toFailure(error)
  }
}
