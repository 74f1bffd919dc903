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
 * How messages come in. Any client may have sent anything: each message is judged before it is looked at, a bad one changes
 * nothing, and later good ones are taken.
 */

/** What a handler is told as in Temporal's UI, and how all arguments of a message become the message. */
export interface MessageSchema<T> {
  readonly description: string
  /** @throws AppError or ApplicationFailure, whose code and words tell why the message is refused. */
  readonly judge: (given: readonly unknown[]) => T
}

/** Of a message that is one argument. */
export function messageSchema<T>(description: string, schema: Schema<T>): MessageSchema<T> {
  return { description, judge: (given) => judged(schema, given) }
}

/** Answers a query, which takes nothing. */
export function answer<Result>(
  query: QueryDefinition<Result>,
  description: string,
  look: () => Result,
): void {
  const handler = (...given: unknown[]) => orFail(() => (judged(NOTHING, given), look()))
  setHandler(query, handler, { description })
}

/** Takes a signal. Nobody waits for its answer, so `refuse` tells where whoever sent it will look. */
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

/** Takes an update: judged before it is accepted, so that a refused one leaves no trace. */
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

/** Tells of signals by a name that this workflow does not have; without, they would vanish. */
export function refuseOtherSignals(refuse: (text: string) => void): void {
  setDefaultSignalHandler((name) => {
    const known = /^[\w-]{1,40}$/.test(name)
    refuse(`${known ? name : 'A signal'} refused: there is no signal of this name here.`)
  })
}

/** Where a workflow keeps no list of messages: what came of one stands under what it is doing. */
export function tellInDetails(text: string): void {
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
