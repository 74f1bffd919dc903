import {
  type RunningProgram,
  saidLast,
  startProgram,
  type ProgramOptions,
  findOnPath,
} from '../embedded/start-program.js'
import { AppError } from '../../src/contracts/app-error.js'

/** A stand-in's URLs: of the system that it replaces, and of its control API. */
export interface StandIn {
  readonly url: string
  readonly controlUrl: string
}

/** The ready document of SuperOffice Online's stand-in. */
export interface SuperOfficeOnline extends StandIn {
  readonly online: {
    readonly loginUrl: string
    readonly contextIdentifier: string
    readonly clientSecret: string
    readonly systemUserToken: string
    readonly privateKeyPem: string
  }
}

/** The ready document of the stand-in for an installation on site. */
export interface SuperOfficeOnsite extends StandIn {
  readonly apiUrl: string
  readonly onsite: {
    readonly user: string
    readonly password: string
    /** Its own certificate authority; null: it uses plain http. */
    readonly caPem: string | null
  }
}

export interface SuperOfficePair {
  readonly online: SuperOfficeOnline
  readonly onsite: SuperOfficeOnsite
}

/** Starts a stand-in as a process of its own. */
export function startStandIn<Ready extends StandIn>(
  parts: Parts,
  entry: string,
  options: Readonly<Record<string, unknown>>,
): Promise<RunningProgram<Ready>> {
  return parts.start<Ready>({
    name: `The stand-in ${entry}`,
    entry,
    args: ['--port', '0', '--options', JSON.stringify(options)],
    readyTimeoutMs: 180_000,
  })
}

/**
 * Starts SuperOffice twice: Online, which also posts webhooks to http on loopback, and a plain installation on site,
 * which posts none. On site it uses https with its own authority if this machine has openssl.
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

export interface Part {
  /** Resolves after it has ended; absent if it never ends by itself. */
  readonly exited?: Promise<unknown>
  /** What it said last, after it has ended; absent if it says nothing. */
  lastWords?(): string | Promise<string>
  stop(): Promise<void>
}

/** A part that is a program of ours. */
type NamedProgram = ProgramOptions & { readonly name: string }

/** The parts that a stack has started. They are recorded, watched, and ended together. */
export class Parts {
  /** Resolves with AppError `stack_part_ended` for the first part that ends by itself. */
  readonly partEnded: Promise<AppError>
  #reportEnded: (error: AppError) => void = () => undefined
  readonly #stops: (() => Promise<void>)[] = []
  readonly #programs: Promise<unknown>[] = []
  readonly #ending = new AbortController()

  constructor() {
    this.partEnded = new Promise((resolve) => (this.#reportEnded = resolve))
  }

  /** Records a started part. Ends it immediately if all parts are already being ended. */
  keep<Started extends Part>(name: string, started: Started): Started {
    if (this.#ending.signal.aborted) {
      void started.stop().catch(() => undefined)
      return started
    }
    this.watch(name, started)
    this.#stops.push(() => started.stop())
    return started
  }

  async start<Ready>(options: NamedProgram): Promise<RunningProgram<Ready>> {
    return this.keep(options.name, await this.run<Ready>(options))
  }

  /** Starts a program that its caller stops. If the stack ends before it is ready, the program ends too. */
  run<Ready>(options: NamedProgram): Promise<RunningProgram<Ready>> {
    const started = startProgram<Ready>({ ...options, signal: this.#ending.signal })
    this.#programs.push(started)
    return started
  }

  /** Reports a part that ends by itself. @param isExpected whether its end is expected. */
  watch(name: string, part: Part, isExpected = () => false): void {
    void part.exited?.then(async () => {
      if (!this.#ending.signal.aborted && !isExpected()) {
        const words = saidLast((await part.lastWords?.()) ?? '')
        this.#reportEnded(new AppError('stack_part_ended', `${name} has ended by itself.${words}`))
      }
    })
  }

  /** Ends all parts, last first. A part that is not ready ends before the servers that it needs. */
  async stop(): Promise<void> {
    this.#ending.abort(new Error('the stack ends'))
    await Promise.allSettled(this.#programs)
    for (const end of this.#stops.splice(0).reverse()) {
      await end().catch(() => undefined)
    }
  }
}
