import type { Activities, ActivityName, InputOf } from './activity-types.js'
import { ApplicationFailure } from '@temporalio/common'
import { defaultActivities } from './default-activities.js'

/** One attempt of an activity, when it began. */
export interface Call {
  readonly name: ActivityName
  readonly input: unknown
}

interface Waiter {
  readonly name: ActivityName
  readonly times: number
  readonly resolve: () => void
}

/**
 * The world outside the workflows under test: activities, typed by the contracts, that store in memory what the ledger
 * would. A test replaces single ones, and waits until one was called.
 */
export class FakeWorld {
  /** Every attempt, in the order of their beginning. */
  readonly calls: Call[] = []
  readonly activities: Activities
  #waiters: Waiter[] = []

  constructor(overrides: Partial<Activities> = {}) {
    this.activities = { ...defaultActivities(), ...overrides }
  }

  /** Runs an activity and records the call. */
  async perform<Name extends ActivityName>(name: Name, input: InputOf<Name>): Promise<unknown> {
    this.calls.push({ name, input })
    const count = this.inputs(name).length
    const [met, rest] = partition(this.#waiters, (w) => w.name === name && w.times <= count)
    this.#waiters = rest
    met.forEach(({ resolve }) => resolve())
    const activity = this.activities[name] as (given: InputOf<Name>) => Promise<unknown>
    return activity(input)
  }

  /** Resolves after an activity has begun this many times. */
  called(name: ActivityName, times = 1): Promise<void> {
    if (this.inputs(name).length >= times) {
      return Promise.resolve()
    }
    return new Promise((resolve) => this.#waiters.push({ name, times, resolve }))
  }

  /** The inputs of an activity, one per attempt. */
  inputs<Name extends ActivityName>(name: Name): InputOf<Name>[] {
    return this.calls
      .filter((call) => call.name === name)
      .map(({ input }) => input as InputOf<Name>)
  }

  /** Names of the activities called, in order. */
  names(): ActivityName[] {
    return this.calls.map(({ name }) => name)
  }
}

/** A failure in the form that activities throw: the catalogue's code is its type. */
export function failure(
  code: string,
  options: { readonly retryable: boolean; readonly nextRetryDelay?: number },
): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message: `Failed for the test: ${code}`,
    nonRetryable: !options.retryable,
    ...(options.nextRetryDelay === undefined ? {} : { nextRetryDelay: options.nextRetryDelay }),
  })
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))]
}
