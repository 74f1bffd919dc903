import { tmpdir } from 'node:os'
import { Connection } from '@temporalio/client'
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js'
import { freePort } from './free-port.js'
import { startGuarded, waitUntilReady } from './guarded-process.js'
import { ownDirectory } from '../../src/checkout.js'
import { AppError } from '../../src/contracts/app-error.js'
import { temporalCli } from './temporal-programs.js'

/** How to run a development server. */
export interface TemporalServerOptions {
  /** Serve Temporal's web UI as well, on a port of its own. */
  readonly ui?: boolean
  /** The server's dynamic configuration besides ours, as `name=value`; a server that was given keeps its own. */
  readonly settings?: readonly string[]
  /** Added to the server's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Told in one line what is being fetched or used. */
  readonly note?: (line: string) => void
}

/** A Temporal server to talk to. */
export interface TemporalServer {
  /** Host and port of its gRPC service, as `TEMPORAL_ADDRESS` wants it. */
  readonly address: string
  /** Address of the web UI; null without one, or where the server is not ours. */
  readonly uiUrl: string | null
  /** Path of the command line that runs it; null where the server is not ours. */
  readonly cli: string | null
  /** Resolves once it has ended; absent where the server is not ours. */
  readonly exited?: Promise<unknown>
  /** Ends the server if we started it; otherwise does nothing. */
  stop(): Promise<void>
}

const startAttempts = 5

/**
 * The server `TEMPORAL_ADDRESS` names if that is set, else a development server of our own: in
 * memory, on 127.0.0.1, on free ports, ended when we stop it or die.
 *
 * @throws AppError `not_provisioned`, when there is no CLI to be had, or its server does not start
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

/** One attempt; its log when the server ended early, which a port taken meanwhile makes it do. */
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
    // The server would otherwise ask its makers for newer versions; HOME is where the CLI seeks a profile.
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
    // A server must know them beforehand: a workflow that sets an unknown one cannot go on.
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    // By default a one-shard server polls 20 times a second: 50 ms before each step of a workflow.
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
