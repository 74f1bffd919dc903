import { InvalidArgumentError, type Command } from 'commander'
import { EXIT } from '../../contracts/error-catalogue.js'
import { QUEUES, type QueueName } from '../../contracts/names.js'
import { addLeaf, type JsonOption } from '../leaf-command.js'
import type { Output } from '../output.js'
import { stopSignal } from '../stop-signal.js'

const ALL: readonly QueueName[] = Object.values(QUEUES)

/** The time to report the end before the process exits. */
const GONE_AFTER_MS = 1_000

/** Text on whether these workers get work. */
const RELEASE_STATES = {
  current: (buildId: string) => `Build ${buildId} is the current one.`,
  waiting: (buildId: string) =>
    `Build ${buildId} waits: another is the current one (lbsync release show).`,
  arriving: (buildId: string) => `Build ${buildId} waits until each queue has a worker of it.`,
  denied: (buildId: string) =>
    `Build ${buildId} gets no work: Temporal does not let us assign it (lbsync release show).`,
  unversioned: () =>
    'Temporal does not support builds of workers, or not for us (lbsync release show).',
} as const

interface WorkerOptions extends JsonOption {
  readonly queues: readonly QueueName[]
}

/** `lbsync worker`: serves task queues until a stop signal, then finishes open work. */
export function addWorker(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'worker',
    summary: 'serve task queues until a stop signal',
    exitCodes: [EXIT.unreachable],
    notes: 'With --json the document is one line, written when all queues are served.',
  })
    .option('--queues <names>', `comma-separated, of ${ALL.join(', ')}`, parseQueues, ALL)
    .action(async ({ json = false, queues }: WorkerOptions) => {
      const signal = await stopSignal()
      const { runWorkers } = await import('../../workers/run-workers.js')
      try {
        await runWorkers(queues, {
          signal,
          onReady: ({ address, buildId, releaseState }) => {
            const ready = { ready: true, queues, temporal: address, buildId, releaseState }
            void output
              .write(
                json
                  ? `${JSON.stringify(ready)}\n`
                  : `Serving ${queues.join(', ')} of Temporal at ${address}. ${RELEASE_STATES[releaseState](buildId)}\n`,
              )
              .catch(noWord)
          },
        })
      } finally {
        // Hanging work would keep the process alive forever.
        setTimeout(() => process.exit(), GONE_AFTER_MS).unref()
      }
    })
}

function parseQueues(text: string): readonly QueueName[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))]
  const unknown = names.find((name) => !(ALL as readonly string[]).includes(name))
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`Queues are ${ALL.join(', ')}.`)
  }
  return names as QueueName[]
}

interface GatewayOptions extends JsonOption {
  readonly port?: number
  readonly host: string
}

/** `lbsync gateway`: receives webhooks and serves lists and results, until a stop signal. */
export function addGateway(program: Command, output: Output): void {
  addLeaf(program, {
    usage: 'gateway',
    summary: 'receive webhooks, and serve the campaign service, until a stop signal',
    exitCodes: [EXIT.unreachable],
    notes: 'With --json the document is one line, written when it listens.',
  })
    .option(
      '--port <number>',
      'port to listen on; 0 picks a free one (default: GATEWAY_PORT)',
      portOf,
    )
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .action(async ({ json = false, port, host }: GatewayOptions) => {
      const signal = await stopSignal()
      const { runGateway } = await import('../../app/run-gateway.js')
      await runGateway({ port, host, signal }, (url) =>
        output
          .write(
            json ? `${JSON.stringify({ ready: true, url })}\n` : `The gateway listens at ${url}.\n`,
          )
          .catch(noWord),
      )
    })
}

/** A process serves, whether or not it can say so. */
function noWord(): boolean {
  return false
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(port <= 65_535)) {
    throw new InvalidArgumentError('A port is a number from 0 to 65535.')
  }
  return port
}
