import type { Chance } from './chance.js'

/** What becomes of a call to the outside, other than an answer. */
export const CALL_FAULTS = {
  read: ['unreachable', 'unavailable', 'throttled', 'lostAnswer', 'slow'],
  write: [
    'unreachable',
    'unavailable',
    'throttled',
    'doneUnanswered',
    'late',
    'never',
    'half',
    'slow',
  ],
} as const

/** One of {@link CALL_FAULTS}. */
export type CallFault = (typeof CALL_FAULTS)['read' | 'write'][number]

/** How often what goes wrong, by the seed. */
export interface FaultRates {
  /** Of each call to the outside. */
  readonly call: number
  /** A worker dies, of each step of a task. */
  readonly crash: number
  /** A worker hangs for longer than a lease holds, of each step of a task. */
  readonly hang: number
  /** Of each webhook: lost, twice, or late. */
  readonly webhook: number
}

/** How much likelier a worker dies where it costs most. */
const DANGER = 25

/** Nothing goes wrong. */
export const NO_FAULTS: FaultRates = { call: 0, crash: 0, hang: 0, webhook: 0 }

/**
 * What goes wrong, each fault with a name of its own: a replay may be told which of them to leave in.
 */
export class Faults {
  /** Those that happened, in order. */
  readonly fired: string[] = []
  /** Nothing goes wrong any more. */
  ended = false

  constructor(
    private readonly chance: Chance,
    private readonly rates: FaultRates,
    /** The only ones that may happen; null: all. */
    private readonly only: ReadonlySet<string> | null,
  ) {}

  ofCall(place: string, effect: 'read' | 'write'): CallFault | null {
    const fault = this.chance.pick(CALL_FAULTS[effect], 'fault', place)
    return this.happens(`${fault} ${place}`, this.rates.call, place) ? fault : null
  }

  /** @param isDanger dying here costs most, and is the likelier. */
  crashes(place: string, isDanger: boolean): boolean {
    const rate = this.rates.crash * (isDanger ? DANGER : 1)
    return this.happens(`crash ${place}`, rate, 'crash', place)
  }

  hangs(place: string): boolean {
    return this.happens(`hang ${place}`, this.rates.hang, 'hang', place)
  }

  ofWebhook(place: string): 'lost' | 'twice' | 'late' | null {
    const fault = this.chance.pick(['lost', 'twice', 'late'] as const, 'webhook', place)
    return this.happens(`webhook ${fault} ${place}`, this.rates.webhook, 'hook', place)
      ? fault
      : null
  }

  private happens(name: string, rate: number, ...of: readonly string[]): boolean {
    const does =
      !this.ended &&
      this.chance.of('happens', ...of) < rate &&
      (this.only === null || this.only.has(name))
    if (does) {
      this.fired.push(name)
    }
    return does
  }
}
