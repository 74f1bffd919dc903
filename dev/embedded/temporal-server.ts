import { tmpdir } from 'node:os'
import { Connection } from '@temporalio/client'
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js'
import { freePort } from './free-port.js'
import { startGuarded, waitUntilReady } from './guarded-process.js'
import { ownDirectory } from '../../src/checkout.js'
import { AppError } from '../../src/contracts/app-error.js'
import { temporalCli } from './temporal-programs.js'

export interface TemporalServerOptions {
  /** Also serves Temporal's web UI, on its own port. */
  readonly ui?: boolean
  /** Dynamic configuration besides ours, as `name=value`; a given server keeps its own. */
  readonly settings?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Gets one line on what is fetched or used. */
  readonly note?: (line: string) => void
}

export interface TemporalServer {
  /** Host and port of its gRPC service, as for `TEMPORAL_ADDRESS`. */
  readonly address: string
  /** Address of the web UI; null without one, or for a given server. */
  readonly uiUrl: string | null
  /** Path of the command line that runs it; null for a given server. */
  readonly cli: string | null
  /** Resolves once it has ended; absent for a given server. */
  readonly exited?: Promise<unknown>
  /** Ends the server if we started it; otherwise does nothing. */
  stop(): Promise<void>
}

const startAttempts = 5

/**
 * The server that `TEMPORAL_ADDRESS` names, else a development server of our own: in memory, on 127.0.0.1, on free
 * ports, ended when we stop it or die.
 * @throws AppError `not_provisioned` if there is no CLI, or its server does not start
 */
export async function startTemporalServer(
  options: TemporalServerOptions = {},
): Promise<TemporalServer> {
  const given = process.env['TEMPORAL_ADDRESS']
  if (given !== undefined && given !== '') {
    return { address: given, uiUrl: null, cli: null, stop: async () => {} }
  }
  const cli = await temporalCli(options.note)
  let lastLog = ''
  for (let attempt = 0; attempt < startAttempts; attempt++) {
    const started = await startOnce(cli, options)
    if ('address' in started) {
      return started
    }
    lastLog = started.log
  }
  throw new AppError(
    'not_provisioned',
    `Temporal's development server did not start, tried ${startAttempts} times. It said last:\n${lastLog}`,
  )
}

/** One attempt; returns the log if the server ended early, as it does if the port is taken. */
async function startOnce(
  cli: string,
  { ui = false, settings = [], env = {} }: TemporalServerOptions,
): Promise<TemporalServer | { log: string }> {
  const port = await freePort()
  const uiPort = ui ? await freePort() : null
  const server = await startGuarded({
    command: cli,
    args: serverArgs(port, uiPort, settings),
    dir: await ownDirectory(tmpdir(), 'lbsync-temporal'),
    stopSignal: 'TERM',
    // Without this the server checks for newer versions; the CLI looks for a profile in HOME.
    env: { TEMPORAL_VERSION_CHECK_DISABLED: '1', HOME: process.env['HOME'] ?? tmpdir(), ...env },
  })
  const address = `127.0.0.1:${port}`
  if (!(await waitUntilReady(server, () => probe(address)))) {
    await server.stop()
    return { log: await server.logTail() }
  }
  return {
    address,
    uiUrl: uiPort === null ? null : `http://127.0.0.1:${uiPort}`,
    cli,
    exited: server.exited,
    stop: () => server.stop(),
  }
}

function serverArgs(port: number, uiPort: number | null, settings: readonly string[]): string[] {
  const ui =
    uiPort === null ? ['--headless'] : ['--ui-port', `${uiPort}`, '--ui-disable-news-fetch']
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'error'],
    ...ui,
    // The server must know them first: a workflow that sets an unknown attribute cannot go on.
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    // A one-shard server polls 20 times a second by default: 50 ms before each step of a workflow.
    ...[
      'history.transferProcessorMaxPollRPS=2000',
      'history.timerProcessorMaxPollRPS=2000',
      ...settings,
    ].flatMap((setting) => ['--dynamic-config-value', setting]),
  ]
}

/** Rejects unless the server serves the namespace `default`. */
async function probe(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 1_000 })
  try {
    await connection.workflowService.describeNamespace({ namespace: 'default' })
  } finally {
    await connection.close()
  }
}
