import { tmpdir } from 'node:os'
import { Connection } from '@temporalio/client'
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js'
import { freePort } from './start-program.js'
import { startGuarded, waitUntilReady } from './guarded-process.js'
import { ownDirectory } from '../../src/checkout.js'
import { AppError } from '../../src/contracts/app-error.js'
import { temporalCli } from './temporal-programs.js'

export interface TemporalServerOptions {
  /** Whether to serve Temporal's web UI too, on its own port. */
  readonly ui?: boolean
  /** Dynamic configuration in addition to ours, as `name=value`. A given server keeps its own. */
  readonly settings?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Called with one line on what is downloaded or used. */
  readonly note?: (line: string) => void
}

export interface TemporalServer {
  /** Host and port of its gRPC service, in the form of `TEMPORAL_ADDRESS`. */
  readonly address: string
  /** URL of the web UI; null without one, or for a given server. */
  readonly uiUrl: string | null
  /** Path of the command line that runs it; null for a given server. */
  readonly cli: string | null
  /** Resolves after it has ended; absent for a given server. */
  readonly exited?: Promise<unknown>
  /** The end of its log, after it has ended; absent for a given server. */
  lastWords?(): Promise<string>
  /** Ends the server if we started it. Does nothing otherwise. */
  stop(): Promise<void>
}

const startAttempts = 5

/**
 * The server that `TEMPORAL_ADDRESS` names, otherwise a development server of our own: in memory, on 127.0.0.1, on free
 * ports. It ends when we stop it or die.
 * @throws AppError `not_provisioned` if there is no CLI, or its server does not start.
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

/** One attempt. Returns the log if the server ended early, which it does if the port is in use. */
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
    // Without this variable the server checks for newer versions. The CLI looks for a profile in HOME.
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
    lastWords: () => server.logTail(),
    stop: () => server.stop(),
  }
}

function serverArgs(port: number, uiPort: number | null, settings: readonly string[]): string[] {
  const ui =
    uiPort === null ? ['--headless'] : ['--ui-port', `${uiPort}`, '--ui-disable-news-fetch']
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', `${port}`, '--log-level', 'error'],
    ...ui,
    // The server must know them first, because a workflow that sets an unknown attribute cannot continue.
    ...SEARCH_ATTRIBUTES.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
    // A one-shard server polls 20 times a second by default, which adds 50 ms before each step of a workflow.
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
