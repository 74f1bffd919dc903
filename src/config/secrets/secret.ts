import { inspect } from 'node:util'

const HIDDEN = '***'

/**
 * A value that does not show itself: in JSON, in templates, in `inspect` and in logs it reads `***`.
 * Whoever needs it says so by {@link Secret.reveal}.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value in the clear. Not to be kept, logged, or put into an error. */
  reveal(): string {
    return this.#value
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}
