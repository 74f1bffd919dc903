import { AppError } from '../../src/contracts/app-error.js'
import {
  startProgram,
  type ProgramOptions,
  type RunningProgram,
} from '../embedded/start-program.js'

/** Something that was started and is to be stopped. */
export interface Part {
  /** Resolves once it has ended; absent where it does not end by itself. */
  readonly exited?: Promise<unknown>
  stop(): Promise<void>
}

/** What a stack has started: kept, watched, and ended together. */
export class Parts {
  /** Resolves with AppError `stack_part_ended` of the part that ended by itself, first of all; never where none does. */
  readonly partEnded: Promise<AppError>
  private tellEnded: (error: AppError) => void = () => undefined
  private readonly stops: (() => Promise<void>)[] = []
  private readonly programs: Promise<unknown>[] = []
  private readonly ending = new AbortController()

  constructor() {
    this.partEnded = new Promise((resolve) => (this.tellEnded = resolve))
  }

  /** Keeps something that was started; where all is being ended already, it is ended too. */
  keep<Started extends Part>(name: string, started: Started): Started {
    if (this.ending.signal.aborted) {
      void started.stop().catch(() => undefined)
      return started
    }
    this.watch(name, started)
    this.stops.push(() => started.stop())
    return started
  }

  /** Starts a program and keeps it. */
  async start<Ready>(name: string, options: ProgramOptions): Promise<RunningProgram<Ready>> {
    return this.keep(name, await this.run<Ready>(options))
  }

  /** Starts a program that somebody else stops; all are ended together where it is not ready by then. */
  run<Ready>(options: ProgramOptions): Promise<RunningProgram<Ready>> {
    const started = startProgram<Ready>({ ...options, signal: this.ending.signal })
    this.programs.push(started)
    return started
  }

  /** Tells when it ends by itself. @param isExpected whether it is to end. */
  watch(name: string, { exited }: Part, isExpected = () => false): void {
    void exited?.then(() => {
      if (!this.ending.signal.aborted && !isExpected()) {
        this.tellEnded(new AppError('stack_part_ended', `${name} has ended by itself.`))
      }
    })
  }

  /** Ends all, last first. What is not ready yet goes before the servers that it is about to look for. */
  async stop(): Promise<void> {
    this.ending.abort(new Error('the stack ends'))
    await Promise.allSettled(this.programs)
    for (const end of this.stops.splice(0).reverse()) {
      await end().catch(() => undefined)
    }
  }
}
