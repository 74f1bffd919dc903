import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Login } from '../../src/ledger/db/migrate.js'

/** Resources of test files, and their JSON. Each is created once per run, at the first request. */
export interface Provided {
  /** A server, a database with the newest schema to copy, and the product's login. */
  readonly postgres: { readonly adminUrl: string; readonly template: string; readonly login: Login }
  readonly temporal: { readonly address: string }
  readonly 'time-skipping-server': { readonly path: string }
  /** The code of all workflows, for `Worker.create`. */
  readonly 'workflow-bundle': { readonly codePath: string }
}

type Undo = () => Promise<void>

/**
 * Owns the servers of one test run.
 *
 * It runs in jest's parent process, which outlives the processes that run test files. They send requests over loopback
 * HTTP, so that a run of pure tests starts nothing. It imports a resource's code on request, because Temporal's
 * packages alone take a second or two to load.
 */
export class Broker {
  readonly #provided = new Map<string, Promise<unknown>>()
  readonly #undo: Undo[] = []
  readonly #note = (line: string) => process.stderr.write(`${line}\n`)
  readonly #makers: { [Name in keyof Provided]: () => Promise<Provided[Name]> } = {
    postgres: async () => {
      const { startPostgres } = await import('../../dev/embedded/postgres.js')
      const { dropTemplate, makeTemplate } = await import('./broker-database.js')
      const { dropLogin, uniqueLogin } = await import('../../src/ledger/db/migrate.js')
      const server = await startPostgres({ note: this.#note })
      this.#undo.push(() => server.stop())
      const login = uniqueLogin('test')
      const template = await makeTemplate(server.url, login)
      this.#undo.push(() => dropLogin(server.url, login))
      this.#undo.push(() => dropTemplate(server.url, template))
      return { adminUrl: server.url, template, login }
    },
    temporal: async () => {
      const { startTemporalServer } = await import('../../dev/embedded/temporal-server.js')
      // A server with many large histories collects garbage all the time. With up to a gigabyte it does so less often.
      const env = { GOGC: '400', GOMEMLIMIT: '1GiB' }
      const server = await startTemporalServer({ env, note: this.#note })
      this.#undo.push(() => server.stop())
      return { address: server.address }
    },
    'time-skipping-server': async () => {
      const { timeSkippingServer } = await import('../../dev/embedded/temporal-programs.js')
      return { path: await timeSkippingServer() }
    },
    'workflow-bundle': async () => {
      const { workflowBundle } = await import('../../src/workers/workflow-bundle.js')
      return workflowBundle()
    },
  }
  readonly #http: Server

  private constructor() {
    this.#http = createServer((request, response) => {
      // A kept connection may be closed while it is used for the next file.
      response.shouldKeepAlive = false
      this.#provide((request.url ?? '').slice(1)).then(
        (value) => response.end(JSON.stringify(value)),
        (error: unknown) => response.writeHead(500).end(String(error)),
      )
    })
  }

  /** Starts answering. Does not start any server yet. */
  static async start(): Promise<Broker> {
    const broker = new Broker()
    await new Promise<void>((resolve) => broker.#http.listen(0, '127.0.0.1', resolve))
    broker.#http.unref()
    return broker
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`
  }

  /** Ends everything that it started, last first. */
  async stop(): Promise<void> {
    this.#http.close()
    this.#http.closeAllConnections()
    await Promise.allSettled(this.#provided.values())
    for (const undo of this.#undo.reverse()) {
      await undo()
    }
  }

  #provide(name: string): Promise<unknown> {
    let provided = this.#provided.get(name)
    if (provided === undefined) {
      const make = Object.hasOwn(this.#makers, name)
        ? this.#makers[name as keyof Provided]
        : () => Promise.reject(new Error(`Nothing named ${name} is provided to tests`))
      provided = make()
      this.#provided.set(name, provided)
    }
    return provided
  }
}
