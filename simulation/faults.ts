import type { Chance } from './chance.js'

/** How a call to the outside may fail, with weights. */
export const CALL_FAULTS = {
  read: ['unreachable', 'unavailable', 'throttled', 'lostAnswer', 'slow', 'slowAnswer'],
  write: [
    'unreachable',
    'unavailable',
    'throttled',
    'doneUnanswered',
    'late',
    'never',
    'half',
    'slow',
    'slowAnswer',
  ],
} as const

/** One of {@link CALL_FAULTS}. */
export type CallFault = (typeof CALL_FAULTS)['read' | 'write'][number]

/** How often each kind of fault happens, from the seed. */
export interface FaultRates {
  /** For each call to the outside. */
  readonly call: number
  /** A write lands late, beside what {@link call} does; for each write that permits something. */
  readonly late: number
  /** Many people act at once (crowd.ts); for each call. */
  readonly moment: number
  /** A sendout's child gives up before it has read anything; for each child. */
  readonly child: number
  /** For each end of a transaction. */
  readonly commit: number
  /** For each write of ours: a plug-in of the CRM reacts. */
  readonly reaction: number
  /** For each step of a task: a worker dies. */
  readonly crash: number
  /** For each step of a task: a worker hangs for longer than a lease lasts. */
  readonly hang: number
  /** For each webhook: lost, duplicated, or late. */
  readonly webhook: number
}

/** Factor by which a death is more likely at steps where it costs most. */
const DANGER = 25

/** Rates without any fault. */
export const NO_FAULTS: FaultRates = {
  call: 0,
  late: 0,
  moment: 0,
  child: 0,
  commit: 0,
  reaction: 0,
  crash: 0,
  hang: 0,
  webhook: 0,
}

/** The faults of a run. Each has its own name, so that a replay can keep only some of them. */
export class Faults {
  /** The faults that happened, in order. */
  readonly fired: string[] = []
  /** From now on no fault happens. */
  ended = false

  constructor(
    private readonly chance: Chance,
    private readonly rates: FaultRates,
    /** The only faults that may happen; null: all. */
    private readonly only: ReadonlySet<string> | null,
  ) {}

  /** @param effect `permit`: a write that permits something. */
  ofCall(place: string, effect: 'read' | 'write' | 'permit'): CallFault | null {
    if (effect === 'permit' && this.happens(`later ${place}`, this.rates.late, 'late', place)) {
      return 'late'
    }
    const fault = this.chance.pick(
      CALL_FAULTS[effect === 'read' ? 'read' : 'write'],
      'fault',
      place,
    )
    return this.happens(`${fault} ${place}`, this.rates.call, place) ? fault : null
  }

  /** What happens to a transaction whose end is sent: it and its connection are lost, or only the answer is. */
  ofCommit(place: string): 'lost' | 'unanswered' | null {
    const fault = this.chance.pick(['lost', 'unanswered'] as const, 'end', place)
    return this.happens(`commit ${fault} ${place}`, this.rates.commit, 'commit', place)
      ? fault
      : null
  }

  /** Whether many people act in this moment. */
  isMoment(place: string): boolean {
    return this.happens(`moment ${place}`, this.rates.moment, 'moment', place)
  }

  /** Whether those act whom a write is about of which nothing is known. */
  isDoubt(place: string): boolean {
    return this.happens(`doubt ${place}`, 3 * this.rates.moment, 'doubt', place)
  }

  /** Whether a sendout's child gives up before it has read anything. */
  failsChild(place: string): boolean {
    return this.happens(`child ${place}`, this.rates.child, 'child', place)
  }

  /** Whether a plug-in edits the record that we wrote. */
  reacts(place: string): boolean {
    return this.happens(`reaction ${place}`, this.rates.reaction, 'reaction', place)
  }

  /** Whether the process that dies takes all work along. */
  takesAll(place: string): boolean {
    return this.chance.of('takes all', place) < 0.2
  }

  /** Whether a worker dies here. @param isDanger whether dying here costs most; then it is likelier. */
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
