import { findOnPath } from '../embedded/find-executable.js'
import {
  type RunningProgram,
  startProgram,
  type ProgramOptions,
} from '../embedded/start-program.js'
import { AppError } from '../../src/contracts/app-error.js'

/** A stand-in's addresses: what it stands in for, and its control API. */
export interface StandIn {
  readonly url: string
  readonly controlUrl: string
}

/** What the stand-in for SuperOffice Online hands out, beside its addresses. */
export interface SuperOfficeOnline extends StandIn {
  readonly online: {
    readonly loginUrl: string
    readonly contextIdentifier: string
    readonly clientSecret: string
    readonly systemUserToken: string
    readonly privateKeyPem: string
  }
}

/** The same for an installation on site. */
export interface SuperOfficeOnsite extends StandIn {
  readonly apiUrl: string
  readonly onsite: {
    readonly user: string
    readonly password: string
    /** Its own certificate authority; null: it speaks plain http. */
    readonly caPem: string | null
  }
}

/** A customer's two kinds of SuperOffice. */
export interface SuperOfficePair {
  readonly online: SuperOfficeOnline
  readonly onsite: SuperOfficeOnsite
}

/** Starts one stand-in as a process of its own. */
export function startStandIn<Ready extends StandIn>(
  parts: Parts,
  entry: string,
  options: Readonly<Record<string, unknown>>,
): Promise<RunningProgram<Ready>> {
  return parts.start<Ready>(`The stand-in ${entry}`, {
    entry,
    args: ['--port', '0', '--options', JSON.stringify(options)],
    readyTimeoutMs: 180_000,
  })
}

/**
 * SuperOffice twice: Online, which posts webhooks to http on loopback too, and on site, which posts none, as a plain
 * installation. On site it speaks https under an authority of its own where this machine has openssl to make one.
 */
export async function startSuperOffice(parts: Parts): Promise<SuperOfficePair> {
  const entry = 'simulators/superoffice/main.ts'
  const tls = (await findOnPath('openssl')) !== undefined
  const [online, onsite] = await Promise.all([
    startStandIn<SuperOfficeOnline>(parts, entry, { mode: 'online', allowHttpWebhooks: true }),
    startStandIn<SuperOfficeOnsite>(parts, entry, {
      mode: 'onsite',
      tls,
      password: ONSITE_PASSWORD,
    }),
  ])
  return { online: online.ready, onsite: onsite.ready }
}

const ONSITE_PASSWORD = 'simulator-password'

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
