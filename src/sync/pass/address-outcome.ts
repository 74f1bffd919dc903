/**
 * State of an address at the end of its pass, from good to bad. All but `done` leave it due.
 *
 * - `done`: no longer due.
 * - `untilRunEnds`: waits for the end of its run, or until the connection is resumed (rule F4).
 * - `tomorrow`: waits for tomorrow's budget of subscription rows (rule D3).
 * - `again`: read and decided again immediately, after a lost race, an inconsistent reading or a record that moved.
 * - `retryLater`: deferred, after a refused write, an unknown outcome or a system that does not answer.
 * - `againAndLater`: read and decided again immediately; deferred if nothing does so.
 */
export type AddressOutcome =
  'done' | 'untilRunEnds' | 'tomorrow' | 'again' | 'retryLater' | 'againAndLater'

const FROM_GOOD_TO_BAD: readonly AddressOutcome[] = [
  'done',
  'untilRunEnds',
  'tomorrow',
  'again',
  'retryLater',
  'againAndLater',
]

/** The worse of two outcomes, in either order. `again` and `retryLater` make `againAndLater`. */
export function worst(a: AddressOutcome, b: AddressOutcome): AddressOutcome {
  const [better, worse] =
    FROM_GOOD_TO_BAD.indexOf(a) <= FROM_GOOD_TO_BAD.indexOf(b) ? [a, b] : [b, a]
  return better === 'again' && worse === 'retryLater' ? 'againAndLater' : worse
}

/** Whether the address is read and decided again immediately. */
export function isAgain(outcome: AddressOutcome): boolean {
  return outcome === 'again' || outcome === 'againAndLater'
}

/** Whether the address is deferred, longer each time. */
export function isPutOff(outcome: AddressOutcome): boolean {
  return outcome === 'retryLater' || outcome === 'againAndLater'
}

/** The outcome of each address so far. An address without one is done. */
export class AddressOutcomes {
  readonly #byAddress = new Map<number, AddressOutcome>()

  /** Gives these addresses an outcome. If an address already has one, the worse counts. */
  say(outcome: AddressOutcome, addressIds: Iterable<number>): void {
    for (const id of addressIds) {
      this.#byAddress.set(id, worst(this.of(id), outcome))
    }
  }

  sayAll(others: AddressOutcomes): void {
    others.#byAddress.forEach((outcome, id) => this.say(outcome, [id]))
  }

  of(addressId: number): AddressOutcome {
    return this.#byAddress.get(addressId) ?? 'done'
  }

  which(is: (outcome: AddressOutcome) => boolean): number[] {
    return [...this.#byAddress].filter(([, outcome]) => is(outcome)).map(([id]) => id)
  }
}
