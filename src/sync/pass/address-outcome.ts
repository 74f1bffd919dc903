/**
 * What becomes of an address at the end of its pass, from good to bad. All but `done` leave it due.
 *
 * - `done`: taken off the list of work.
 * - `untilRunEnds`: waits for the end of its run, or until the connection is resumed (rule F4).
 * - `tomorrow`: waits for tomorrow's budget of subscription rows (rule D3).
 * - `again`: read and decided again, at once: a lost race, a torn reading, a record that moved.
 * - `retryLater`: put off: a write refused or of unknown outcome, or a system that does not answer.
 * - `againAndLater`: both: read and decided again at once, and put off should nobody come to it.
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

/** What becomes of an address of which both were said. The order in which things are said does not matter. */
export function worst(a: AddressOutcome, b: AddressOutcome): AddressOutcome {
  const [better, worse] =
    FROM_GOOD_TO_BAD.indexOf(a) <= FROM_GOOD_TO_BAD.indexOf(b) ? [a, b] : [b, a]
  return better === 'again' && worse === 'retryLater' ? 'againAndLater' : worse
}

/** Whether it is read and decided again, at once. */
export function isAgain(outcome: AddressOutcome): boolean {
  return outcome === 'again' || outcome === 'againAndLater'
}

/** Whether it is put off, longer each time. */
export function isPutOff(outcome: AddressOutcome): boolean {
  return outcome === 'retryLater' || outcome === 'againAndLater'
}

/** What was said of each address so far. One of which nothing was said is done. */
export class AddressOutcomes {
  private readonly byAddress = new Map<number, AddressOutcome>()

  /** Says it of these addresses; what is worse stands. */
  say(outcome: AddressOutcome, addressIds: Iterable<number>): void {
    for (const id of addressIds) {
      this.byAddress.set(id, worst(this.of(id), outcome))
    }
  }

  /** Says all that was said by somebody else. */
  sayAll(others: AddressOutcomes): void {
    others.byAddress.forEach((outcome, id) => this.say(outcome, [id]))
  }

  of(addressId: number): AddressOutcome {
    return this.byAddress.get(addressId) ?? 'done'
  }

  /** The addresses of which such a thing was said. */
  which(is: (outcome: AddressOutcome) => boolean): number[] {
    return [...this.byAddress].filter(([, outcome]) => is(outcome)).map(([id]) => id)
  }
}
