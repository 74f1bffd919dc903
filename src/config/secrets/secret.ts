import { inspect } from 'node:util'

const HIDDEN = '***'

/**
 * A value that does not show itself: in JSON, in templates, in `inspect` and in logs it reads `***`. Only
 * {@link Secret.reveal} returns it.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The readable value. Do not keep it, log it, or put it into an error. */
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
